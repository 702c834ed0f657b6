import type { Role } from './cluster-schema.ts'

/** One port, or a run of ports, that a machine of the cluster uses. */
export interface Port {
  /** The port, or the first of a run. */
  port: number
  /** The last port of a run; absent for a single port. */
  last?: number
  protocol: 'tcp' | 'udp'
  /** Machines with one of these roles use it. */
  roles: readonly Role[]
  /**
   * Addresses it is open on: `all` of the machine, the `machine` address of
   * cluster.yaml, or `loopback` (127.0.0.1).
   */
  listens: readonly ('all' | 'machine' | 'loopback')[]
  /** Program that holds it; absent where the kernel answers by rules. */
  program?: string
  /** Who connects. */
  clients: string
  /** What a client proves who it is with. */
  identity: string
  /** What it is for. */
  purpose: string
}

const controlPlanes = ['control-plane'] as const
const everyMachine = ['control-plane', 'worker'] as const

/**
 * Every port that the cluster uses. The checks of the machines, the firewall
 * table and the diagrams are made from it.
 *
 * @see https://kubernetes.io/docs/reference/networking/ports-and-protocols/
 */
export const ports = {
  ssh: {
    port: 22,
    protocol: 'tcp',
    roles: everyMachine,
    listens: ['all'],
    program: 'sshd',
    clients: 'the operator',
    identity: 'SSH key',
    purpose: 'how every step reaches its machines',
  },
  etcdClient: {
    port: 2379,
    protocol: 'tcp',
    roles: controlPlanes,
    listens: ['machine', 'loopback'],
    program: 'etcd',
    clients: 'the API servers, etcdctl',
    identity: 'client certificate of the etcd authority',
    purpose: 'reads and writes of the whole state of the cluster',
  },
  etcdPeer: {
    port: 2380,
    protocol: 'tcp',
    roles: controlPlanes,
    listens: ['machine'],
    program: 'etcd',
    clients: 'the other etcd members',
    identity: 'peer certificate of the etcd authority',
    purpose: 'Raft: elections and the replicated log',
  },
  apiServer: {
    port: 6443,
    protocol: 'tcp',
    roles: controlPlanes,
    listens: ['all'],
    program: 'kube-apiserver',
    clients:
      'the balancer of every machine, controller manager and scheduler, ' +
      'the operator, pods through the kubernetes Service',
    identity:
      'client certificate of the cluster authority, service-account token ' +
      'or bootstrap token',
    purpose: 'the Kubernetes API',
  },
  apiBalancer: {
    port: 7443,
    protocol: 'tcp',
    roles: everyMachine,
    listens: ['loopback'],
    program: 'haproxy',
    clients: 'kubelet and kube-proxy of the same machine',
    identity: 'none of its own: it passes TLS through to an API server',
    purpose: 'the API, as long as one control plane is ready',
  },
  kubelet: {
    port: 10250,
    protocol: 'tcp',
    roles: everyMachine,
    listens: ['machine'],
    program: 'kubelet',
    clients: 'the API servers (logs, exec, port-forward), metrics collectors',
    identity:
      'client certificate of the cluster authority or service-account token, ' +
      'authorised by the API server',
    purpose: 'pods of this machine: logs, exec, metrics',
  },
  containerdStreams: {
    port: 10010,
    protocol: 'tcp',
    roles: everyMachine,
    listens: ['loopback'],
    program: 'containerd',
    clients: 'the kubelet of the same machine',
    identity: 'a word in the path, made by chance for each stream',
    purpose: 'streams of exec, attach and port-forward',
  },
  kubeletHealthz: {
    port: 10248,
    protocol: 'tcp',
    roles: everyMachine,
    listens: ['loopback'],
    program: 'kubelet',
    clients: 'checks on the same machine',
    identity: 'none: it says no more than ok',
    purpose: 'health of the kubelet',
  },
  controllerManager: {
    port: 10257,
    protocol: 'tcp',
    roles: controlPlanes,
    listens: ['loopback'],
    program: 'kube-controller-manager',
    clients: 'checks and metrics collectors on the same machine',
    identity:
      'client certificate of the cluster authority or service-account token; ' +
      'none for health',
    purpose: 'health and metrics of the controller manager',
  },
  scheduler: {
    port: 10259,
    protocol: 'tcp',
    roles: controlPlanes,
    listens: ['loopback'],
    program: 'kube-scheduler',
    clients: 'checks and metrics collectors on the same machine',
    identity:
      'client certificate of the cluster authority or service-account token; ' +
      'none for health',
    purpose: 'health and metrics of the scheduler',
  },
  kubeProxyHealthz: {
    port: 10256,
    protocol: 'tcp',
    roles: everyMachine,
    listens: ['loopback'],
    program: 'kube-proxy',
    clients: 'checks on the same machine',
    identity: 'none: it says whether this machine can take traffic',
    purpose: 'health of kube-proxy',
  },
  kubeProxyMetrics: {
    port: 10249,
    protocol: 'tcp',
    roles: everyMachine,
    listens: ['loopback'],
    program: 'kube-proxy',
    clients: 'checks and metrics collectors on the same machine',
    identity: 'none: that is why it stays on loopback',
    purpose: 'metrics of kube-proxy',
  },
  nodePorts: {
    port: 30000,
    last: 32767,
    protocol: 'tcp',
    roles: everyMachine,
    listens: ['machine'],
    clients: 'whoever uses a Service of type NodePort or LoadBalancer',
    identity: 'up to the application',
    purpose: 'Services for clients outside of the cluster',
  },
} as const satisfies Record<string, Port>

/**
 * The ports that a machine uses, with their names, for tables and checks.
 *
 * @param roles roles of the machine; without them the ports of all machines
 * @example
 * portsOf(['worker']).map(({ name }) => name).includes('etcdPeer') // false
 */
export function portsOf(
  roles: readonly Role[] = everyMachine,
): (Port & { name: string })[] {
  return Object.entries<Port>(ports)
    .map(([name, port]) => ({ name, ...port }))
    .filter((port) => port.roles.some((role) => roles.includes(role)))
}
