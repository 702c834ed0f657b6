/** What machines of a cluster of some size need, and who says so. */
export interface MachineSize {
  nodes: number
  /** Of each control plane. */
  processors: number
  /** In GB. */
  memory: number
  etcdDisk: string
  /** What etcd takes on a machine of its own. */
  etcdAlone: string
  source: string
}

const disk = 'an SSD; at least 50 sequential writes a second'

/**
 * Sizes of control planes are those of Kubernetes' own scripts, which take
 * machines of a cloud with 4 GB for each processor; etcd's are from its page on
 * hardware, which names 50 writes as the least, and 500 for a busy cluster.
 */
export const machineSizes: readonly MachineSize[] = [
  {
    nodes: 1,
    processors: 2,
    memory: 2,
    etcdDisk: disk,
    etcdAlone: '',
    source: 'the least that kubeadm takes',
  },
  {
    nodes: 5,
    processors: 2,
    memory: 8,
    etcdDisk: disk,
    etcdAlone: '',
    source: 'scripts of Kubernetes, up to 10 nodes',
  },
  {
    nodes: 50,
    processors: 4,
    memory: 16,
    etcdDisk: disk,
    etcdAlone: '2 processors, 8 GB',
    source:
      'the same scripts, 11 to 50 nodes; etcd’s “small cluster”, 50 nodes',
  },
  {
    nodes: 500,
    processors: 16,
    memory: 64,
    etcdDisk: 'an SSD of its own; 500 sequential writes a second',
    etcdAlone: '4 to 8 processors, 16 to 32 GB',
    source:
      'the same scripts, 101 to 500 nodes; etcd between “medium”, 250 nodes, ' +
      'and “large”, 1000',
  },
]
