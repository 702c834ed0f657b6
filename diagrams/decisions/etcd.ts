import { chain } from './chain.ts'

export const etcd = chain({
  name: 'decide-etcd',
  title: 'Which etcd topology',
  description:
    'Three questions about failures and size lead to one of four ' +
    'topologies.',
  forks: [
    {
      question: 'May the API stop when one machine does?',
      answer: 'yes',
      choice: 'One member, and backups',
    },
    {
      question: 'Must it survive a failure during maintenance?',
      answer: 'yes',
      choice: 'Five members',
    },
    {
      question: 'Is it slow although its disk is fast?',
      answer: 'yes',
      choice: 'Three members on machines of their own',
    },
  ],
  otherwise: 'Three members on the control planes',
  chosen: 'Three members on the control planes',
})
