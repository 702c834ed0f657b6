import { addressAt } from '../lib/addresses.ts'
import { type Diagram, flowchart } from './diagram.ts'
import { cluster, podSubnet } from './facts.ts'

const { dnsAddress, networks, ports } = cluster
const { nodePorts } = ports
// Any two machines; the numbers of the subnets are one of many outcomes.
const [from, to] = cluster.workers.map((machine, index) => {
  const { range, address } = podSubnet(cluster.controlPlanes.length + index)
  return { ...machine, range, gateway: address(1), pod: address(7) }
})
if (!from || !to) throw new Error('cluster.yaml has no two workers to show')

const client = addressAt('198.51.100.0/24', 9)
const port = nodePorts.port + 80

/** Stations of a packet, each with the source and destination it has there. */
interface Station {
  id: string
  what: string
  look: 'plain' | 'node' | 'person' | 'added'
  /** Written on the arrow to the next station. */
  packet?: string
}

function path(stations: readonly (Station | { machine: string })[]): string[] {
  const lines: string[] = []
  let before: Station | undefined
  let boxes = 0
  for (const station of stations) {
    if ('machine' in station) {
      if (boxes > 0) lines.push('end')
      lines.push(`subgraph box-${boxes++}["${station.machine}"]`)
      continue
    }
    lines.push(`${station.id}["${station.what}"]:::${station.look}`)
    before = station
  }
  if (boxes > 0 && before) lines.push('end')
  const inOrder = stations.filter((s): s is Station => 'id' in s)
  inOrder.forEach((station, index) => {
    const next = inOrder[index + 1]
    if (!next) return
    const label = station.packet ? `-- "${station.packet}" -->` : '-->'
    lines.push(`${station.id} ${label} ${next.id}`)
  })
  for (let box = 0; box < boxes; box++) lines.push(`style box-${box} fill:none`)
  return lines
}

const packet = (source: string, destination: string) =>
  `${source}<br>→ ${destination}`
const named = ({ name, address }: { name: string; address: string }) =>
  `${name} · ${address}`

const arrival = (packet: string): (Station | { machine: string })[] => [
  { machine: named(to) },
  {
    id: 'bridge-to',
    what: `bridge cni0<br>${to.gateway}`,
    look: 'node',
    packet,
  },
  { id: 'pod-to', what: `<b>pod</b><br>${to.pod}`, look: 'person' },
]

export const packetsPodToPod: Diagram = {
  name: 'packets-pod-to-pod',
  title: 'From a pod to a pod on another machine',
  description:
    'A packet leaves a pod through its bridge, follows the route to the other ' +
    'machine and enters the bridge there. Its addresses never change.',
  text: [
    `A pod on ${from.name} (${from.pod}) sends to a pod on ${to.name} ` +
      `(${to.pod}).`,
    `Its default route leads to the bridge cni0 of its machine, ` +
      `${from.gateway}.`,
    `The machine has a route: ${to.range} via ${to.address}.`,
    `${to.name} has ${to.range} on its own bridge and hands the packet over.`,
    `The pod there sees the source address ${from.pod}: nothing was rewritten.`,
  ],
  source: flowchart(
    'TB',
    path([
      { machine: named(from) },
      {
        id: 'pod-from',
        what: `<b>pod</b><br>${from.pod}`,
        look: 'person',
        packet: packet(from.pod, to.pod),
      },
      {
        id: 'bridge-from',
        what: `bridge cni0<br>${from.gateway}`,
        look: 'node',
      },
      {
        id: 'route',
        what: `<b>route</b><br>${to.range}<br>via ${to.address}`,
        look: 'added',
        packet: packet(from.pod, to.pod),
      },
      ...arrival(packet(from.pod, to.pod)),
    ]),
  ),
}

export const packetsService: Diagram = {
  name: 'packets-service',
  title: 'From a pod to a Service',
  description:
    'A packet to the address of a Service gets the address of one of its ' +
    'pods before it is routed; the answer is changed back on the same machine.',
  text: [
    `A pod on ${from.name} asks ${dnsAddress}:53, the Service of cluster DNS.`,
    `No interface has an address of ${networks.services}.`,
    'The rules of kube-proxy pick one of the pods behind the Service and ' +
      `write its address into the packet: ${to.pod}.`,
    'The kernel remembers the choice (conntrack), then routes the packet like ' +
      'any other.',
    `The answer comes to ${from.name}, where the kernel puts ${dnsAddress} ` +
      'back as its source, so that the pod sees an answer from whom it asked.',
  ],
  source: flowchart(
    'TB',
    path([
      { machine: named(from) },
      {
        id: 'pod-from',
        what: `<b>pod</b><br>${from.pod}`,
        look: 'person',
        packet: packet(from.pod, `<b>${dnsAddress}</b>:53`),
      },
      {
        id: 'rules',
        what: '<b>rules of kube-proxy</b><br>pick a pod of the Service',
        look: 'added',
        packet: packet(from.pod, `<b>${to.pod}</b>:53`),
      },
      {
        id: 'route',
        what: `route<br>${to.range}<br>via ${to.address}`,
        look: 'node',
        packet: packet(from.pod, `${to.pod}:53`),
      },
      ...arrival(packet(from.pod, `${to.pod}:53`)),
    ]),
  ),
}

export const packetsNodePort: Diagram = {
  name: 'packets-node-port',
  title: 'From outside to a NodePort',
  description:
    'A client connects to a port of any machine. The packet gets the address ' +
    'of a pod as its destination and of the machine as its source, so that ' +
    'the answer comes back the same way.',
  text: [
    `A client outside (${client}) connects to ${from.address}:${port}, where ` +
      `${port} is a port of the range ${nodePorts.port} to ${nodePorts.last}.`,
    `The rules of kube-proxy on ${from.name} pick a pod, here on ${to.name}.`,
    `They write the pod as destination and ${from.address} as source: ` +
      `otherwise the pod would answer ${client} directly, and the client ` +
      'would not know that answer.',
    `The pod sees ${from.address} and not the client, unless the Service has ` +
      'externalTrafficPolicy: Local.',
  ],
  source: flowchart('TB', [
    `outside["<b>client</b><br>${client}"]:::person`,
    `outside -- "${packet(client, `<b>${from.address}:${port}</b>`)}" ` +
      '--> rules',
    ...path([
      { machine: named(from) },
      {
        id: 'rules',
        what: '<b>rules of kube-proxy</b><br>pick a pod, hide the client',
        look: 'added',
        packet: packet(`<b>${from.address}</b>`, `<b>${to.pod}</b>:8080`),
      },
      {
        id: 'route',
        what: `route<br>${to.range}<br>via ${to.address}`,
        look: 'node',
        packet: packet(from.address, `${to.pod}:8080`),
      },
      ...arrival(packet(from.address, `${to.pod}:8080`)),
    ]),
  ]),
}
