import { chain } from './chain.ts'

export const operatingSystem = chain({
  name: 'decide-operating-system',
  title: 'Which operating system the machines run',
  description:
    'Questions that lead to a system made for Kubernetes, an image-based ' +
    'one, the distribution that you know, or to Debian, which this guide ' +
    'tests.',
  forks: [
    {
      question: 'Shall nobody ever log in to a machine?',
      answer: 'yes',
      choice: 'Talos or Bottlerocket, and their tools',
    },
    {
      question: 'Do you replace machines instead of patching?',
      answer: 'yes',
      choice: 'Flatcar or Fedora CoreOS, and a fork of step 02',
    },
    {
      question: 'Does your team run a systemd distribution?',
      answer: 'yes',
      choice: 'That one, if it meets the node spec',
    },
  ],
  otherwise: 'Debian, as the tests do',
  chosen: 'Debian, as the tests do',
})
