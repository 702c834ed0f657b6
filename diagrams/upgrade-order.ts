import { kubeletSkew } from '../lib/cluster-versions.ts'
import { type Diagram, flowchart } from './diagram.ts'
import { cluster, namesOf, quorum } from './facts.ts'

const { controlPlanes, workers, versions } = cluster
const [major, minor = 0] = versions.kubernetes.split('.').map(Number)
const release = (back: number) => `${major}.${minor - back}`
const kubelets = kubeletSkew(versions.kubernetes, '0.0') ?? ''
const left = controlPlanes.length - quorum(controlPlanes.length)

const stages = [
  {
    what: 'look first',
    how: 'release notes, removed APIs,<br>a snapshot of etcd',
    look: 'plain',
  },
  {
    what: 'etcd',
    how: `${left} member at a time,<br>healthy again before the next`,
    look: 'data',
  },
  {
    what: 'API servers',
    how: `one at a time; for that long<br>${release(1)} and ${release(0)} run`,
    look: 'control',
  },
  {
    what: 'controller manager, scheduler',
    how: `never newer than an API server,<br>${release(1)} or ${release(0)}`,
    look: 'control',
  },
  {
    what: `${namesOf(controlPlanes)}: kubelet, kube-proxy`,
    how: 'one machine at a time:<br>drain, replace, uncordon',
    look: 'node',
  },
  {
    what: `${namesOf(workers)}: kubelet, kube-proxy`,
    how: `the same; ${kubelets.replace('a version ', '')}<br>is allowed`,
    look: 'node',
  },
  {
    what: 'add-ons',
    how: 'CoreDNS and what you added',
    look: 'person',
  },
  {
    what: 'kubectl',
    how: 'one minor version from<br>the API server at most',
    look: 'person',
  },
]

export const upgradeOrder: Diagram = {
  name: 'upgrade-order',
  title: 'What to upgrade before what',
  description:
    `From Kubernetes ${release(1)} to ${release(0)}, one minor version at a ` +
    'time: the server of a conversation before its clients.',
  text: stages.map(
    ({ what, how }, index) =>
      `${index + 1}. ${what}: ${how.replaceAll('<br>', ' ')}.`,
  ),
  source: flowchart('TB', [
    ...stages.map(({ what, how, look }, index) => {
      const title = what.replace(': ', '<br>')
      return `stage-${index}["<b>${index + 1} ${title}</b><br>${how}"]:::${look}`
    }),
    stages.map((_, index) => `stage-${index}`).join(' --> '),
  ]),
}
