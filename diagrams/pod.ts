import { type Diagram, flowchart } from './diagram.ts'
import { cluster } from './facts.ts'

const { pods } = cluster.networks

/** In this order. Each reads what the one before has written to the API. */
const stages = [
  {
    who: 'you',
    look: 'person',
    does: 'create a Deployment',
    left: 'a Deployment, 2 replicas',
  },
  {
    who: 'controller manager',
    look: 'control',
    does: 'Deployment → ReplicaSet → Pods',
    left: '2 Pods, of no node',
  },
  {
    who: 'scheduler',
    look: 'control',
    does: 'filters nodes, scores them, binds',
    left: 'spec.nodeName is set',
  },
  {
    who: 'kubelet of that node',
    look: 'node',
    does: 'mounts volumes, asks containerd',
    left: 'phase: Pending',
  },
  {
    who: 'containerd',
    look: 'node',
    does: 'holds namespaces open (pause), has CNI connect them',
    left: `status.podIP, of ${pods}`,
  },
  {
    who: 'containerd and runc',
    look: 'node',
    does: 'fetch the image, start containers',
    left: 'phase: Running',
  },
  {
    who: 'kubelet',
    look: 'node',
    does: 'probes until it answers',
    left: 'condition Ready: True',
  },
  {
    who: 'controller manager',
    look: 'control',
    does: 'adds it to EndpointSlices',
    left: 'an endpoint of the Service',
  },
  {
    who: 'kube-proxy, everywhere',
    look: 'node',
    does: 'writes rules for its address',
    left: 'nothing new',
  },
]

const outcome = 'the Service leads to it'

export const pod: Diagram = {
  name: 'pod',
  title: 'Life of a Pod',
  description:
    'From a Deployment to traffic: each box is who acts and what it does, ' +
    'each arrow what the API holds afterwards.',
  text: stages.map(({ who, does, left }) => `${who}: ${does}. Then: ${left}.`),
  source: flowchart('TB', [
    ...stages.flatMap(({ who, look, does, left }, index) => [
      `stage-${index}["<b>${who}</b><br>${wrap(does)}"]:::${look}`,
      `stage-${index} -- "${left}" --> stage-${index + 1}`,
    ]),
    `stage-${stages.length}(["${outcome}"]):::added`,
  ]),
}

function wrap(text: string): string {
  return text.replace(', ', ',<br>')
}
