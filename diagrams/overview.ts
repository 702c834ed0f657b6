import { type Diagram, flowchart } from './diagram.ts'
import { cluster, namesOf } from './facts.ts'

const { apiServer, apiBalancer, etcdClient, kubelet } = cluster.ports
const { controlPlanes, workers, machines } = cluster

export const overview: Diagram = {
  name: 'overview',
  title: 'The whole cluster',
  description:
    `The ${controlPlanes.length} control planes hold the state and decide; ` +
    `${machines.length} machines, control planes among them, run pods. ` +
    'Everything meets in the API server.',
  text: [
    'You talk to an API server with kubectl, over TLS.',
    'API servers are the only ones that talk to etcd, where all state is.',
    'The controller manager and the scheduler of each control plane watch ' +
      'the API server of their own machine and write to it what follows.',
    'On every machine a kubelet and kube-proxy reach the API servers through ' +
      'a balancer of their own, on a loopback port.',
    'The kubelet has containerd start the containers of pods; kube-proxy ' +
      'writes kernel rules that lead Services to pods.',
    'An API server calls kubelets too, for logs and for commands in pods.',
    `Control planes: ${namesOf(controlPlanes)}. Workers: ${namesOf(workers)}.`,
  ],
  source: flowchart('TB', [
    'you(["you, with kubectl"]):::person',
    `subgraph control["control planes<br>${namesOf(controlPlanes)}"]`,
    '  manager["controller<br>manager"]:::control',
    '  scheduler["scheduler"]:::control',
    `  api["<b>API server</b><br>${apiServer.port}"]:::control`,
    `  etcd[("etcd<br>${etcdClient.port}")]:::data`,
    'end',
    `subgraph every["every machine"]`,
    `  balancer["balancer<br>127.0.0.1:${apiBalancer.port}"]:::node`,
    `  kubelet["kubelet<br>${kubelet.port}"]:::node`,
    '  proxy["kube-proxy"]:::node',
    '  containerd["containerd"]:::node',
    '  rules["rules in<br>the kernel"]:::plain',
    '  pods["pods"]:::person',
    'end',
    'you --- api',
    'manager --- api',
    'scheduler --- api',
    'api --- etcd',
    'api --- balancer',
    'balancer --- kubelet',
    'balancer --- proxy',
    'api -. "logs, exec" .- kubelet',
    'kubelet --- containerd --- pods',
    'proxy --- rules --- pods',
    'style control fill:none',
    'style every fill:none',
  ]),
}
