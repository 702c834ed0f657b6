import { chain } from './chain.ts'

export const ingressAndGateway = chain({
  name: 'decide-ingress-and-gateway',
  title: 'How traffic enters the cluster',
  description:
    'Questions that lead from a NodePort, which is what this guide leaves ' +
    'you with, to a load balancer and a Gateway in front of Services.',
  forks: [
    {
      question: 'Are one or two Services all that is reached?',
      answer: 'yes',
      choice: 'NodePort, with your balancer in front',
    },
    {
      question: 'Is it something other than HTTP or TLS?',
      answer: 'yes',
      choice: 'LoadBalancer Services, one address each',
    },
    {
      question: 'Do you have Ingress objects that work?',
      answer: 'yes',
      choice: 'A maintained Ingress controller, for now',
    },
  ],
  otherwise: 'Gateway API',
  chosen: 'NodePort, with your balancer in front',
})
