import { chain } from './chain.ts'

export const certificateAuthority = chain({
  name: 'decide-certificate-authority',
  title: 'Who signs certificates',
  description:
    'Three questions about rules of the organization and about who may hold ' +
    'a signing key lead to one of four ways to run authorities.',
  forks: [
    {
      question: 'May a signing key lie on machines of the cluster?',
      answer: 'no',
      choice: 'An external signer for kubelets',
    },
    {
      question: 'Must certificates chain to an authority of the organization?',
      answer: 'yes',
      choice: 'An intermediate for each authority',
    },
    {
      question: 'Is the cluster gone by next month?',
      answer: 'yes',
      choice: 'One authority for all',
    },
  ],
  otherwise: 'Three authorities of its own',
  chosen: 'Three authorities of its own',
})
