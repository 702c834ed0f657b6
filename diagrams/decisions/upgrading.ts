import { chain } from './chain.ts'

export const upgrading = chain({
  name: 'decide-upgrading',
  title: 'How to get to the next version',
  description:
    'Three questions about the distance to the new version and about spare ' +
    'machines lead to one of four ways to upgrade.',
  forks: [
    {
      question: 'Is only the patch number different?',
      answer: 'yes',
      choice: 'Restart component by component',
    },
    {
      question: 'Is it more than one minor version?',
      answer: 'yes',
      choice: 'One minor version after the other',
    },
    {
      question: 'Can you afford a second cluster for a while?',
      answer: 'yes',
      choice: 'A new cluster beside the old one',
    },
  ],
  otherwise: 'Control plane in place, nodes drained',
  chosen: 'Control plane in place, nodes drained',
})
