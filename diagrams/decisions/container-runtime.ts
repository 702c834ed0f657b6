import { chain } from './chain.ts'

export const containerRuntime = chain({
  name: 'decide-container-runtime',
  title: 'Which container runtime',
  description:
    'Three questions about isolation and about what is installed lead to one ' +
    'of four runtimes.',
  forks: [
    {
      question: 'Does something on the machine need the socket of Docker?',
      answer: 'yes',
      choice: 'Docker beside, containerd for Kubernetes',
    },
    {
      question: 'Does your distribution ship and support CRI-O?',
      answer: 'yes',
      choice: 'CRI-O',
    },
    {
      question: 'Do you run code of people you do not trust?',
      answer: 'yes',
      choice: 'Containerd with gVisor or Kata',
    },
  ],
  otherwise: 'Containerd with runc',
  chosen: 'Containerd with runc',
})
