/** What programs make by running, that no step writes. */
export interface LeftByProgram {
  path: string
  program: string
  what: string
  /** Which undo takes it away. */
  removed: string
}

/** Checked by a test against what the steps name. */
export const leftByPrograms: readonly LeftByProgram[] = [
  {
    path: '/var/lib/etcd/member',
    program: 'etcd',
    what: 'the database: snapshots and the write-ahead log',
    removed: '05, with --forget',
  },
  {
    path: '/var/log/kubernetes/audit.log',
    program: 'kube-apiserver',
    what: 'who did what; old ones beside it, with their time in the name',
    removed: '06',
  },
  {
    path: '/var/lib/containerd',
    program: 'containerd',
    what: 'images and the file systems of containers',
    removed: '09, with --forget',
  },
  {
    path: '/run/containerd',
    program: 'containerd',
    what: 'its socket, and what shims need while containers run',
    removed: '09',
  },
  {
    path: '/var/lib/kubelet/pki/kubelet-client-current.pem',
    program: 'kubelet',
    what:
      'a link to its client certificate and key, in one file; renewed by ' +
      'itself',
    removed: '10',
  },
  {
    path: '/var/lib/kubelet/kubeconfig',
    program: 'kubelet',
    what: 'how it reaches the API, written once it has its certificate',
    removed: '10',
  },
  {
    path: '/var/lib/kubelet/pods',
    program: 'kubelet',
    what: 'volumes of pods',
    removed: '10',
  },
  {
    path: '/var/log/pods',
    program: 'kubelet',
    what: 'what containers print; /var/log/containers has links to it',
    removed: '10',
  },
  {
    path: '/var/lib/cni',
    program: 'host-local',
    what: 'which pod has which address',
    removed: '12',
  },
]
