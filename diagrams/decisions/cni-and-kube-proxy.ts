import { chain } from './chain.ts'

export const cniAndKubeProxy = chain({
  name: 'decide-cni-and-kube-proxy',
  title: 'Which network plugin and which proxy',
  description:
    'Three questions about policies, the kernel and observation lead to one ' +
    'of four pairs of network plugin and proxy.',
  forks: [
    {
      question: 'Is the kernel older than nftables mode needs?',
      answer: 'yes',
      choice: 'Any plugin, kube-proxy with iptables',
    },
    {
      question: 'Do you want to see and filter every flow, by name?',
      answer: 'yes',
      choice: 'Cilium, instead of kube-proxy',
    },
    {
      question: 'Must pods be kept from each other?',
      answer: 'yes',
      choice: 'Calico or another with policies, and nftables',
    },
  ],
  otherwise: 'Bridge plugin and nftables',
  chosen: 'Bridge plugin and nftables',
})
