import { chain } from './chain.ts'

export const whichTool = chain({
  name: 'decide-which-tool',
  title: 'Which tool, if not this guide',
  description:
    'Questions that lead to a managed service, k3s or k0s, Talos, kops, ' +
    'kubeadm or kubespray, or to building it step by step.',
  forks: [
    {
      question: 'Do you want to own every file, and know why it is there?',
      answer: 'yes',
      choice: 'Build it step by step, as here',
    },
    {
      question: 'May somebody else run the control plane?',
      answer: 'yes',
      choice: 'A managed service',
    },
    {
      question: 'Is it small, or at the edge?',
      answer: 'yes',
      choice: 'k3s or k0s',
    },
    {
      question: 'May the operating system be replaced?',
      answer: 'yes',
      choice: 'Talos',
    },
    {
      question: 'Are the machines of a cloud that kops knows?',
      answer: 'yes',
      choice: 'kops',
    },
  ],
  otherwise: 'kubeadm; kubespray where Ansible is at home',
  chosen: 'Build it step by step, as here',
})
