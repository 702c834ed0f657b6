import { chain } from './chain.ts'

export const loggingAndMonitoring = chain({
  name: 'decide-logging-and-monitoring',
  title: 'How much logging and monitoring',
  description:
    'Questions that lead from what is on the machines, which is what this ' +
    'guide leaves you with, to agents with a store of their own.',
  forks: [
    {
      question: 'Does anybody depend on this cluster?',
      answer: 'no',
      choice: 'journalctl and kubectl logs',
    },
    {
      question: 'May logs and metrics leave your network?',
      answer: 'yes',
      choice: 'Agents here, a hosted store',
    },
    {
      question: 'Can it live outside of this cluster?',
      answer: 'yes',
      choice: 'Agents here, your own store elsewhere',
    },
  ],
  otherwise: 'Store in the cluster, alarms from outside',
  chosen: 'journalctl and kubectl logs',
})
