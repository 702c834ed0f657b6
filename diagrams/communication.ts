import type { Port } from '../lib/ports.ts'
import { type Diagram, flowchart, folded } from './diagram.ts'
import { cluster } from './facts.ts'
import { subjectOf } from './pki.ts'

const [machine] = cluster.workers
const [controlPlane] = cluster.controlPlanes
const { ports, kubernetesServiceAddress } = cluster

/** One who connects: what it is, and what it proves that with. */
interface Caller {
  who: string
  proof: readonly string[]
  to: keyof typeof ports
  look: 'person' | 'control' | 'node'
}

const general = (lines: string[], name = '') =>
  lines.map((line) => line.replace(name, 'NAME'))

const callers: Caller[] = [
  { who: 'the steps', proof: ['SSH key'], to: 'ssh', look: 'person' },
  {
    who: 'you, with kubectl',
    proof: subjectOf('cluster/admin'),
    to: 'apiServer',
    look: 'person',
  },
  {
    who: 'controller manager',
    proof: subjectOf('cluster/kube-controller-manager'),
    to: 'apiServer',
    look: 'control',
  },
  {
    who: 'scheduler',
    proof: subjectOf('cluster/kube-scheduler'),
    to: 'apiServer',
    look: 'control',
  },
  {
    who: 'pods',
    proof: [`to ${kubernetesServiceAddress}:443`, 'service-account token'],
    to: 'apiServer',
    look: 'person',
  },
  {
    who: 'the balancer',
    proof: ['nothing: it passes', 'TLS of others through'],
    to: 'apiServer',
    look: 'node',
  },
  {
    who: 'kubelet',
    proof: general(
      subjectOf(`cluster/kubelet-${machine?.name}`),
      machine?.name,
    ),
    to: 'apiBalancer',
    look: 'node',
  },
  {
    who: 'kube-proxy',
    proof: subjectOf('cluster/kube-proxy'),
    to: 'apiBalancer',
    look: 'node',
  },
  {
    who: 'API server',
    proof: subjectOf('etcd/kube-apiserver-etcd-client'),
    to: 'etcdClient',
    look: 'control',
  },
  {
    who: 'the other members',
    proof: general(
      subjectOf(`etcd/peer-${controlPlane?.name}`),
      controlPlane?.name,
    ),
    to: 'etcdPeer',
    look: 'control',
  },
  {
    who: 'API server',
    proof: subjectOf('cluster/kube-apiserver-kubelet-client'),
    to: 'kubelet',
    look: 'control',
  },
  {
    who: 'anybody',
    proof: ['up to the application'],
    to: 'nodePorts',
    look: 'person',
  },
]

const targets: Record<string, string> = {
  apiBalancer: 'the balancer',
  apiServer: 'API server',
  etcdClient: 'etcd',
  etcdPeer: 'etcd',
  nodePorts: 'node ports',
}

function targetOf(name: string): string {
  const { port, last, protocol, program }: Port =
    ports[name as keyof typeof ports]
  const number = last ? `${port}–${last}` : `${port}`
  return `${targets[name] ?? program}<br><b>${number}</b> ${protocol}`
}

const used = [...new Set(callers.map(({ to }) => to))]

export const communication: Diagram = {
  name: 'communication',
  title: 'Who talks to whom',
  description:
    'On the left who connects, and what it proves who it is with; on the ' +
    'right the program that listens, with its port.',
  text: callers.map(({ who, proof, to }) => {
    const { port, last, protocol }: Port = ports[to]
    return (
      `${who} → ${targets[to] ?? to}, ${protocol} ` +
      `${last ? `${port} to ${last}` : port}: ${proof.join(', ')}`
    )
  }),
  source: flowchart('LR', [
    ...used.map((name) => `${name}["${targetOf(name)}"]:::${lookOf(name)}`),
    ...callers.map(({ who, proof, to, look }, index) => {
      const label = [`<b>${who}</b>`, ...proof.map(folded)].join('<br>')
      return `caller-${index}["${label}"]:::${look} --> ${to}`
    }),
  ]),
}

function lookOf(name: keyof typeof ports): string {
  const { program, roles }: Port = ports[name]
  if (program === 'etcd') return 'data'
  return roles.includes('worker') ? 'node' : 'control'
}
