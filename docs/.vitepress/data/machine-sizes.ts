/** What machines of a cluster of some size need, and who says so. */
export interface MachineSize {
  nodes: number
  controlPlane: string
  etcdDisk: string
  worker: string
}

/**
 * Sizes of control planes are those that the scripts of Kubernetes took on a
 * cloud, as its documentation listed them until 1.19; later ones name none.
 */
export const machineSizes: readonly MachineSize[] = [
  {
    nodes: 1,
    controlPlane: '2 processors, 2 GB',
    etcdDisk: 'any SSD',
    worker: 'the same machine',
  },
  {
    nodes: 5,
    controlPlane: '2 processors, 4 GB',
    etcdDisk: '50 sequential writes a second',
    worker: '1 GB, and what its pods ask for',
  },
  {
    nodes: 50,
    controlPlane: '4 processors, 16 GB',
    etcdDisk: '50 sequential writes a second, SSD',
    worker: '2 GB, and what its pods ask for',
  },
  {
    nodes: 500,
    controlPlane: '16 processors, 64 GB',
    etcdDisk: '500 sequential writes a second, a local SSD of its own',
    worker: '2 GB, and what its pods ask for',
  },
]
