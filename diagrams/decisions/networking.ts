import { chain } from './chain.ts'

export const networking = chain({
  name: 'decide-networking',
  title: 'Which networking model',
  description:
    'Three questions about the network between the machines lead to one of ' +
    'four networking models.',
  forks: [
    {
      question: 'Does your cloud give pods addresses of its own network?',
      answer: 'yes',
      choice: "The cloud's CNI plugin",
    },
    {
      question: 'Are all machines on one network segment?',
      answer: 'yes',
      choice: 'Plain routes on every machine',
    },
    {
      question: 'Do your routers speak BGP, and may you peer with them?',
      answer: 'yes',
      choice: 'Routes announced by BGP',
    },
  ],
  otherwise: 'An overlay such as VXLAN',
  chosen: 'Plain routes on every machine',
})
