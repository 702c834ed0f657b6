import { stepFiles } from '../lib/steps.ts'
import { type Diagram, flowchart } from './diagram.ts'
import { cluster, namesOf } from './facts.ts'

type Place = 'operator' | 'controlPlanes' | 'workers' | 'cluster'

/** Something that a step leaves behind. */
interface Part {
  since: string
  label: string
  /** For who does not see the picture. */
  sentence: string
  places: readonly Place[]
}

const everyMachine = ['controlPlanes', 'workers'] as const

const parts: Part[] = [
  {
    since: '01',
    label: 'reachable',
    sentence: 'every machine answers, and is who it should be',
    places: everyMachine,
  },
  {
    since: '02',
    label: 'prepared',
    sentence: 'every machine has its packages, kernel settings and host names',
    places: everyMachine,
  },
  {
    since: '03',
    label: 'certificates',
    sentence: 'your computer has the authorities and all certificates',
    places: ['operator'],
  },
  {
    since: '04',
    label: 'kubeconfigs',
    sentence: 'your computer has the kubeconfigs and the key for Secrets',
    places: ['operator'],
  },
  {
    since: '05',
    label: 'etcd',
    sentence: 'etcd runs on every control plane',
    places: ['controlPlanes'],
  },
  {
    since: '06',
    label: 'API server',
    sentence: 'an API server runs on every control plane',
    places: ['controlPlanes'],
  },
  {
    since: '07',
    label: 'controllers',
    sentence:
      'the controller manager and the scheduler run on every control plane',
    places: ['controlPlanes'],
  },
  {
    since: '08',
    label: 'balancer',
    sentence: 'a balancer in front of the API runs on every machine',
    places: everyMachine,
  },
  {
    since: '09',
    label: 'containerd',
    sentence: 'containerd runs on every machine',
    places: everyMachine,
  },
  {
    since: '10',
    label: 'kubelet',
    sentence: 'a kubelet runs on every machine, which is now a node',
    places: everyMachine,
  },
  {
    since: '11',
    label: 'kube-proxy',
    sentence: 'kube-proxy runs on every machine, and Services have rules',
    places: everyMachine,
  },
  {
    since: '12',
    label: 'pod network',
    sentence: 'pods reach pods on all machines, and the nodes are Ready',
    places: everyMachine,
  },
  {
    since: '13',
    label: 'CoreDNS',
    sentence: 'CoreDNS runs in the cluster, as two pods',
    places: ['cluster'],
  },
  {
    since: '14',
    label: 'proof',
    sentence: 'the smoke test has shown that workloads of all kinds run',
    places: ['cluster'],
  },
]

const places: Record<Place, string> = {
  operator: 'your computer',
  controlPlanes: namesOf(cluster.controlPlanes),
  workers: namesOf(cluster.workers),
  cluster: 'in the cluster',
}

/**
 * The cluster after each step, `after-01` and so on. What is still to come
 * keeps its place as a dashed box with the number of its step, so that nothing
 * moves from one picture to the next.
 */
export const afterEachStep: Diagram[] = stepFiles().map(({ number }) => {
  const title = titleOf(number)
  const there = parts.filter(({ since }) => since < number)
  const added = parts.filter(({ since }) => since === number)
  if (added.length === 0) throw new Error(`what does step ${number} leave?`)
  const sentences = (of: Part[]) => of.map(({ sentence }) => sentence)
  return {
    name: `after-${number}`,
    title,
    description: `New: ${sentences(added).join(', ')}.`,
    text: [
      ...sentences(added).map((sentence) => `New: ${sentence}.`),
      ...sentences(there).map((sentence) => `There before: ${sentence}.`),
    ],
    source: picture(number),
  }
})

function titleOf(number: string): string {
  return `The cluster after step ${number}`
}

function picture(number: string): string {
  // Unconnected groups are laid out across the direction of the chart, the
  // last one first.
  return flowchart(
    'LR',
    [
      ...group('cluster', 'LR', number),
      'subgraph machines[" "]',
      'direction TB',
      ...group('workers', 'TB', number),
      ...group('controlPlanes', 'TB', number),
      'end',
      ...group('operator', 'LR', number),
      'classDef later fill:none,stroke:#8b8f98,stroke-dasharray:3 3',
      'classDef none visibility:hidden',
      'style machines fill:none,stroke:none',
      ...Object.keys(places).map((place) => `style ${place} fill:none`),
    ],
    { nodeSpacing: 2, rankSpacing: 0, padding: 4 },
  )
}

function group(place: Place, direction: string, number: string): string[] {
  // Rows of machines stand beside each other: a worker has a gap where a
  // control plane has what only it has.
  const machine = place === 'controlPlanes' || place === 'workers'
  const rows = parts.filter((part) =>
    machine
      ? part.places.some((other) => other in places && isMachine(other))
      : part.places.includes(place),
  )
  const boxes = rows.map(({ since, label, places }) => {
    const id = `${place}-${since}`
    if (!places.includes(place)) return `${id}["${label}"]:::none`
    if (since > number) return `${id}["${since}"]:::later`
    return `${id}["${label}"]:::${since === number ? 'added' : 'plain'}`
  })
  const ids = rows.map(({ since }) => `${place}-${since}`)
  return [
    `subgraph ${place}["${places[place]}"]`,
    `direction ${direction}`,
    ...boxes,
    ids.join(' ~~~ '),
    'end',
  ]
}

function isMachine(place: Place): boolean {
  return everyMachine.some((other) => other === place)
}
