/**
 * What hurts most those who build a cluster by hand, collected from what
 * readers of such guides have reported, most frequent first.
 */
export interface Pain {
  number: number
  name: string
  /** Texts of troubles that it shows itself by. */
  troubles?: readonly string[]
  /** Why a reader of this guide meets no message of it. */
  none?: string
}

export const pains: readonly Pain[] = [
  {
    number: 1,
    name: 'a file of the guide is missing, or overwrites another',
    troubles: ['open …: no such file or directory'],
  },
  {
    number: 2,
    name: 'service range, certificate and flag disagree',
    troubles: ['x509: certificate is valid for …, not …'],
  },
  {
    number: 3,
    name: 'cluster DNS',
    troubles: [
      'plugin/loop: Loop (127.0.0.1:… -> :53) detected for zone "."',
      'no servers could be reached',
      "server can't find …: NXDOMAIN",
    ],
  },
  {
    number: 4,
    name: 'old versions, removed flags',
    troubles: ['unknown flag: --…'],
  },
  {
    number: 5,
    name: 'SSH to fresh machines',
    troubles: [
      'Permission denied (publickey…).',
      'REMOTE HOST IDENTIFICATION HAS CHANGED',
    ],
  },
  {
    number: 6,
    name: 'names of machines',
    troubles: [
      'Could not resolve hostname …',
      'lookup … on …: server misbehaving',
      '… asks for its certificate',
    ],
  },
  {
    number: 7,
    name: 'the other processor',
    troubles: ['Exec format error'],
  },
  {
    number: 8,
    name: 'routes to pods, and NodePorts that time out',
    troubles: [
      'RTNETLINK answers: File exists',
      'curl: (28) Failed to connect to … port … after … ms',
    ],
  },
  {
    number: 9,
    name: 'the control plane does not reach pods',
    troubles: [
      'failed calling webhook "…": … context deadline exceeded',
      'no endpoints available for service "…"',
    ],
  },
  {
    number: 10,
    name: 'no aggregation layer, no metrics',
    troubles: ['error: Metrics API not available'],
  },
  {
    number: 11,
    name: 'etcd has no quorum, or the wrong certificate',
    troubles: [
      'context deadline exceeded',
      'rejected connection on peer endpoint',
      'tls: failed to verify certificate: x509: certificate specifies an incompatible key usage',
    ],
  },
  {
    number: 12,
    name: 'certificates without the name or address that is dialled',
    troubles: [
      "x509: cannot validate certificate for … because it doesn't contain any IP SANs",
      'x509: certificate is valid for …, not …',
    ],
  },
  {
    number: 13,
    name: 'runtime and kubelet disagree on cgroups',
    troubles: [
      'expected cgroupsPath to be of format "slice:prefix:name" for systemd cgroups, got "…" instead',
      'failed to create containerd task: … cgroups: cgroup mountpoint does not exist',
      'kubelet is configured to not run on a host using cgroup v1',
    ],
  },
  {
    number: 14,
    name: 'missing packages and modules, swap',
    troubles: [
      '… does not meet the node spec (…); nothing was changed',
      'modprobe: FATAL: Module br_netfilter not found',
      'running with swap on is not supported, please disable swap',
    ],
  },
  {
    number: 15,
    name: 'which machine, how long, what is this number?',
    none:
      'No program says a word about it. Each page says where its step runs ' +
      'and what it took when it was recorded, and addresses are computed from ' +
      'cluster.yaml.',
  },
  {
    number: 16,
    name: 'accounts and quotas of a cloud',
    none: 'The guide has no account anywhere: it wants machines that answer SSH.',
  },
  {
    number: 17,
    name: 'a mistake is found ten steps later',
    troubles: ['… cannot run yet: missing …', '…, in vain'],
  },
  {
    number: 18,
    name: 'keys that are where they should not be',
    none:
      'A cluster that is built unsafely says nothing: it works. That the ' +
      'wrong key opens no door is tested on real machines, in ' +
      'test/e2e/refusals.',
  },
]
