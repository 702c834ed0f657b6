import { chain } from './chain.ts'

export const multiZone = chain({
  name: 'decide-multi-zone',
  title: 'Whether one cluster spans zones',
  description:
    'Questions that lead to one zone, two clusters, three zones with one ' +
    'control plane in each, or a control plane in a single zone.',
  forks: [
    {
      question: 'May the cluster be down when its zone is?',
      answer: 'yes',
      choice: 'One zone',
    },
    {
      question: 'Is a round trip longer than some 10 ms?',
      answer: 'yes',
      choice: 'One cluster per site',
    },
    {
      question: 'Are there three zones?',
      answer: 'yes',
      choice: 'One control plane in each of three zones',
    },
  ],
  otherwise: 'Two clusters, or a small third site for etcd',
  chosen: 'One zone',
})
