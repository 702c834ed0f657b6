import { chain } from './chain.ts'

export const systemdOrStaticPods = chain({
  name: 'decide-systemd-or-static-pods',
  title: 'What runs the control plane',
  description:
    'Questions that lead to static pods, one process for everything, or to ' +
    'systemd units, which this guide writes.',
  forks: [
    {
      question: 'Shall kubeadm make and upgrade it?',
      answer: 'yes',
      choice: 'Static pods',
    },
    {
      question: 'Is a black box that starts everything welcome?',
      answer: 'yes',
      choice: 'One supervisor: k3s or k0s',
    },
    {
      question: 'Do you watch machines by Pods alone?',
      answer: 'yes',
      choice: 'Static pods',
    },
  ],
  otherwise: 'systemd units',
  chosen: 'systemd units',
})
