/** What the Kubernetes project released a minor version with. */
export interface Compatibility {
  kubernetes: string
  /** The oldest containerd that its publisher names for this version. */
  containerd: string
  /** The etcd that kubeadm installs with it. */
  etcd: string
  coredns: string
  pause: string
  go: string
}

/**
 * From the release notes of each minor version of Kubernetes, from kubeadm's
 * source for the newest, and from the table of containerd. An empty field is
 * one that they do not state.
 */
export const compatibility: readonly Compatibility[] = [
  {
    kubernetes: '1.37',
    containerd: '',
    etcd: '3.7.0',
    coredns: '1.14.6',
    pause: '3.10.2',
    go: '1.26',
  },
  {
    kubernetes: '1.36',
    containerd: '2.3.0 or 2.2.0',
    etcd: '3.6.11',
    coredns: '1.14.2',
    pause: '3.10.2',
    go: '1.26',
  },
  {
    kubernetes: '1.35',
    containerd: '2.2.0, 2.1.5 or 1.7.28',
    etcd: '3.6.11',
    coredns: '1.12.4',
    pause: '',
    go: '1.25',
  },
  {
    kubernetes: '1.34',
    containerd: '2.1.3, 2.0.6, 1.7.28 or 1.6.39',
    etcd: '3.6.11',
    coredns: '1.12.1',
    pause: '3.10.1',
    go: '1.24',
  },
]

/** How far a component may be from the API server, in minor versions. */
export interface Skew {
  component: string
  /** How many older it may be. */
  older: number
  /** How many newer. */
  newer: number
}

/** https://kubernetes.io/releases/version-skew-policy/ */
export const skews: readonly Skew[] = [
  { component: 'another kube-apiserver', older: 1, newer: 0 },
  { component: 'kube-controller-manager', older: 1, newer: 0 },
  { component: 'kube-scheduler', older: 1, newer: 0 },
  { component: 'kubelet', older: 3, newer: 0 },
  { component: 'kube-proxy', older: 3, newer: 0 },
  { component: 'kubectl', older: 1, newer: 1 },
]
