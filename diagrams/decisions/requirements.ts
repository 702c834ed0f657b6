import { chain } from './chain.ts'

export const requirements = chain({
  name: 'decide-requirements',
  title: 'What shape of cluster to start with',
  description:
    'Three questions about failures and growth lead to one of four shapes of ' +
    'a first cluster.',
  forks: [
    {
      question: 'May everything stop when one machine does?',
      answer: 'yes',
      choice: 'One machine that is both',
    },
    {
      question: 'Are there fewer than six machines?',
      answer: 'yes',
      choice: 'Three that are both',
    },
    {
      question: 'Will there be hundreds of nodes?',
      answer: 'yes',
      choice: 'Control planes with etcd on disks of its own',
    },
  ],
  otherwise: 'Three control planes and workers',
  chosen: 'Three control planes and workers',
})
