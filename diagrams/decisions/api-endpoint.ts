import { chain } from './chain.ts'

export const apiEndpoint = chain({
  name: 'decide-api-endpoint',
  title: 'Where the API is reached from outside',
  description:
    'Nodes use the balancer of their own machine in every case; three ' +
    'questions lead to one of four endpoints for people and programs outside.',
  forks: [
    {
      question: 'Is there one control plane?',
      answer: 'yes',
      choice: 'Its address',
    },
    {
      question: 'Do you have a load balancer already?',
      answer: 'yes',
      choice: 'That one, as endpoint',
    },
    {
      question: 'Are control planes on one network segment?',
      answer: 'yes',
      choice: 'A virtual address that moves',
    },
  ],
  otherwise: 'A context for each control plane',
  chosen: 'A context for each control plane',
})
