/**
 * The CIS Kubernetes Benchmark, control by control: what each asks, in words
 * of our own, what is here, and how a test sees it on a running cluster. The
 * numbers are those of the benchmark; its text is not ours to copy.
 */

/** The benchmark that is meant, and where it is to be had. */
export const benchmark = {
  version: '2.0.1',
  kubernetes: '1.34 and 1.35',
  source: 'https://www.cisecurity.org/benchmark/kubernetes',
} as const

/** A program whose command line is looked at. */
export type Program =
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kube-scheduler'
  | 'kubelet'

/** How a running cluster shows that something is so. */
export type Check =
  /** A flag of the process, as the kernel shows it; null: it has none. */
  | { flag: string; of: Program; is: string | RegExp | null }
  /** A field of a file on machines, or of what every kubelet says it runs. */
  | { field: string; of: string; is: unknown }
  /** A file that exists, with no more than this mode, and an owner. */
  | { path: string; mode: number; owner: string }
  /** A test of its own, by its title. */
  | { test: string }

/** One or more controls that ask for the same. */
export interface Control {
  /** Their numbers in the benchmark. */
  ids: readonly string[]
  /** What they ask. */
  asks: string
  /**
   * `met` as it is asked, met in `another` way, or `open`: left to whoever
   * runs the cluster.
   */
  state: 'met' | 'another' | 'open'
  /** What is here, and why. */
  here: string
  checks: readonly Check[]
}

const flag = (
  of: Program,
  flag: string,
  is: string | RegExp | null = /./,
): Check => ({ of, flag, is })
const field = (of: string, field: string, is: unknown): Check => ({
  ...{ of, field, is },
})
const access = (path: string, mode: number, owner = 'root:root'): Check => ({
  ...{ path, mode, owner },
})
const test = (test: string): Check => ({ test })

/** From A.B.first to A.B.last. */
const run = (group: string, first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, at) => `${group}.${first + at}`)

const api = 'kube-apiserver'
const manager = 'kube-controller-manager'
const units = '/etc/systemd/system'
const servers = '/etc/kubernetes/api-server'
const controllers = '/etc/kubernetes/controllers'
const ours = 'root:kubernetes'
const files = 'every file of ours has the owner and mode of the reference'
const noRule = 'who is in no rule may do nothing that leads further'
const pods = 'a pod that could take over its machine is refused, each way'

/** By section of the benchmark; the titles are ours. */
export const controls: Record<string, readonly Control[]> = {
  '1.1 Files of the control plane': [
    {
      ids: run('1.1', 1, 8),
      asks:
        'The files that start the API server, controller manager, scheduler ' +
        'and etcd belong to root, mode 600.',
      state: 'another',
      here:
        'There are no static pods but units, root’s and mode 644: systemd ' +
        'shows units to everybody anyway, and these hold paths, no secrets.',
      checks: [
        ...[api, manager, 'kube-scheduler', 'etcd'].map((name) =>
          access(`${units}/${name}.service`, 0o644),
        ),
        access('/etc/etcd/etcd.yaml', 0o644),
      ],
    },
    {
      ids: ['1.1.9'],
      asks: 'Files of the pod network have mode 600.',
      state: 'another',
      here:
        'They hold a range of addresses and no secret, and are in a folder ' +
        'that only root can enter. Mode 644 lets `--plan` show a diff.',
      checks: [
        access('/etc/cni/net.d', 0o700),
        access('/etc/cni/net.d/10-pods.conflist', 0o644),
        // The runtime or a plugin makes it, whoever comes first.
        access('/var/lib/cni', 0o755),
      ],
    },
    {
      ids: ['1.1.10'],
      asks: 'Files of the pod network belong to root.',
      state: 'met',
      here: 'All of them do.',
      checks: [access('/etc/cni/net.d/10-pods.conflist', 0o644)],
    },
    {
      ids: ['1.1.11', '1.1.12'],
      asks: 'The folder of the database is for the user `etcd` alone.',
      state: 'met',
      here: 'Mode 700, owner `etcd`; etcd runs as that user.',
      checks: [access('/var/lib/etcd', 0o700, 'etcd:etcd')],
    },
    {
      ids: ['1.1.13', '1.1.14'],
      asks: 'Kubeconfigs of administrators belong to root, mode 600.',
      state: 'another',
      here:
        'No machine has one. They are in the state folder of the operator, ' +
        'mode 600 and the operator’s own, and so are their keys.',
      checks: [
        test('keys that no machine needs are on no machine'),
        test('the state folder is for its owner alone'),
      ],
    },
    {
      ids: run('1.1', 15, 18),
      asks:
        'Kubeconfigs of controller manager and scheduler belong to root, ' +
        'mode 600.',
      state: 'another',
      here:
        'These programs do not run as root. So the files are root’s with ' +
        'mode 640, for a group that has no members: what reads a credential ' +
        'cannot replace it.',
      checks: [
        access(`${controllers}/controller-manager.kubeconfig`, 0o640, ours),
        access(`${controllers}/scheduler.kubeconfig`, 0o640, ours),
        test('who may read a key is one user, or a group that nobody is in'),
      ],
    },
    {
      ids: ['1.1.19', '1.1.20', '1.1.21'],
      asks: 'Certificates and keys belong to root; keys have mode 600.',
      state: 'another',
      here:
        'Keys have mode 600, of the user that runs the program, or 640 as ' +
        'above. Nobody else can read one, on any machine.',
      checks: [
        access(servers, 0o750, ours),
        access(controllers, 0o750, ours),
        access(`${servers}/serving.key`, 0o640, ours),
        access(`${controllers}/ca.key`, 0o640, ours),
        access('/etc/etcd/pki/peer.key', 0o600, 'etcd:etcd'),
        access('/etc/kubernetes/kubelet/serving.key', 0o600),
        test(files),
        test('a user without rights finds no key on any machine'),
      ],
    },
  ],

  '1.2 API server': [
    {
      ids: ['1.2.1'],
      asks: 'Nobody without a name is served.',
      state: 'another',
      here:
        'The paths `/livez`, `/readyz` and `/healthz` answer anybody, because ' +
        'the balancer has no name; every other path answers 401.',
      checks: [
        flag(api, 'anonymous-auth', null),
        field(`${servers}/authentication.yaml`, 'anonymous.conditions', [
          ...[{ path: '/livez' }, { path: '/readyz' }, { path: '/healthz' }],
        ]),
        test('a stranger without a name is told about health alone'),
      ],
    },
    {
      ids: ['1.2.2'],
      asks: 'No file with tokens of users.',
      state: 'met',
      here: 'There is none: such a token never ends.',
      checks: [flag(api, 'token-auth-file', null)],
    },
    {
      ids: ['1.2.3'],
      asks: 'Services may not claim addresses outside of the cluster.',
      state: 'met',
      here: 'The admission plugin `DenyServiceExternalIPs` is on.',
      checks: [
        flag(api, 'enable-admission-plugins', /\bDenyServiceExternalIPs\b/),
        test('a Service may not claim an address of somebody else'),
      ],
    },
    {
      ids: ['1.2.4', '1.2.5'],
      asks: 'API server and kubelets prove to each other who they are.',
      state: 'met',
      here: 'With a certificate of its own, and by the cluster authority.',
      checks: [
        flag(api, 'kubelet-client-certificate'),
        flag(api, 'kubelet-client-key'),
        flag(api, 'kubelet-certificate-authority'),
        test('kubelets refuse a stranger that may not use them'),
      ],
    },
    {
      ids: ['1.2.6', '1.2.7', '1.2.8'],
      asks: 'Requests are authorized by `Node` and `RBAC`, never always.',
      state: 'met',
      here: 'In this order, by a file instead of a flag.',
      checks: [
        flag(api, 'authorization-mode', null),
        flag(api, 'authorization-config', `${servers}/authorization.yaml`),
        field(`${servers}/authorization.yaml`, 'authorizers', [
          { type: 'Node', name: 'node' },
          { type: 'RBAC', name: 'rbac' },
        ]),
      ],
    },
    {
      ids: ['1.2.9'],
      asks: 'Events are limited by the plugin `EventRateLimit`.',
      state: 'open',
      here:
        'Its configuration is still alpha. Priority and fairness, on by ' +
        'default, keeps one client from taking the place of all others.',
      checks: [],
    },
    {
      ids: ['1.2.10'],
      asks: 'The plugin `AlwaysAdmit` is off.',
      state: 'met',
      here: 'It is not named.',
      checks: [flag(api, 'enable-admission-plugins', /^(?!.*AlwaysAdmit)/)],
    },
    {
      ids: ['1.2.11'],
      asks: 'Every pod pulls its image anew: `AlwaysPullImages`.',
      state: 'open',
      here:
        'The cluster works without a registry, and an image that was ' +
        'imported cannot be pulled. Turn it on where tenants must not share ' +
        'private images.',
      checks: [],
    },
    {
      ids: ['1.2.12', '1.2.13'],
      asks: '`ServiceAccount` and `NamespaceLifecycle` are on.',
      state: 'met',
      here: 'By default, and nothing is turned off.',
      checks: [flag(api, 'disable-admission-plugins', null)],
    },
    {
      ids: ['1.2.14'],
      asks: 'A kubelet may change its own node alone: `NodeRestriction`.',
      state: 'met',
      here: 'It is on.',
      checks: [
        flag(api, 'enable-admission-plugins', /\bNodeRestriction\b/),
        test('it changes itself, no other node, and not what it is'),
      ],
    },
    {
      ids: ['1.2.15'],
      asks: 'No profiles are shown.',
      state: 'met',
      here: 'Profiling is off.',
      checks: [flag(api, 'profiling', 'false')],
    },
    {
      ids: run('1.2', 16, 19),
      asks:
        'An audit log is written: 30 days or more, 10 files or more, of 100 ' +
        'megabytes or more.',
      state: 'met',
      here: 'Exactly that: 1 gigabyte at most.',
      checks: [
        flag(api, 'audit-log-path', '/var/log/kubernetes/audit.log'),
        flag(api, 'audit-log-maxage', '30'),
        flag(api, 'audit-log-maxbackup', '10'),
        flag(api, 'audit-log-maxsize', '100'),
      ],
    },
    {
      ids: ['1.2.20'],
      asks: 'Requests end after a time that suits the cluster.',
      state: 'met',
      here: 'The default of a minute does.',
      checks: [flag(api, 'request-timeout', null)],
    },
    {
      ids: ['1.2.21'],
      asks: 'A token ends with the account that it is of.',
      state: 'met',
      here: 'By default.',
      checks: [
        flag(api, 'service-account-lookup', null),
        test('a token ends with the account and with the pod it is for'),
      ],
    },
    {
      ids: ['1.2.22'],
      asks: 'Tokens are checked with a key of their own.',
      state: 'met',
      here: 'A pair for this purpose alone, made by step 03.',
      checks: [
        flag(api, 'service-account-key-file'),
        test('a token counts if this cluster signed it, for itself'),
      ],
    },
    {
      ids: ['1.2.23', '1.2.26'],
      asks: 'The API server and etcd prove to each other who they are.',
      state: 'met',
      here: 'With certificates of the etcd authority.',
      checks: [
        flag(api, 'etcd-certfile'),
        flag(api, 'etcd-keyfile'),
        flag(api, 'etcd-cafile'),
      ],
    },
    {
      ids: ['1.2.24', '1.2.25'],
      asks: 'The API server shows a certificate, and asks for one.',
      state: 'met',
      here: 'Both of the cluster authority.',
      checks: [
        flag(api, 'tls-cert-file'),
        flag(api, 'tls-private-key-file'),
        flag(api, 'client-ca-file'),
        test('a stranger with a foreign certificate has no name'),
      ],
    },
    {
      ids: ['1.2.27', '1.2.28'],
      asks: 'Secrets are encrypted before they are stored, by a strong cipher.',
      state: 'met',
      here: 'By secretbox, with a key that step 04 made by chance.',
      checks: [
        flag(api, 'encryption-provider-config', `${servers}/encryption.yaml`),
        test('every Secret in etcd is encrypted'),
        test('no file of etcd holds the word of a Secret'),
      ],
    },
    {
      ids: ['1.2.29'],
      asks: 'No weak ciphers.',
      state: 'another',
      here:
        'TLS 1.3 or nothing. All its ciphers are strong, and there is no list ' +
        'to keep.',
      checks: [
        flag(api, 'tls-min-version', 'VersionTLS13'),
        test('nobody speaks less than TLS 1.3'),
      ],
    },
    {
      ids: ['1.2.30'],
      asks: 'Tokens of pods end when they say, and not a year later.',
      state: 'met',
      here: 'After about an hour; the kubelet has put a new one there by then.',
      checks: [
        flag(api, 'service-account-extend-token-expiration', 'false'),
        test('the token in a pod ends within an hour or so'),
      ],
    },
  ],

  '1.3 Controller manager': [
    {
      ids: ['1.3.1'],
      asks: 'Pods that have ended are removed at some number.',
      state: 'met',
      here: 'At 1000; the default is 12 500.',
      checks: [flag(manager, 'terminated-pod-gc-threshold', '1000')],
    },
    {
      ids: ['1.3.2'],
      asks: 'No profiles are shown.',
      state: 'met',
      here: 'Profiling is off.',
      checks: [
        flag(manager, 'profiling', 'false'),
        test('controller manager and scheduler tell strangers nothing'),
      ],
    },
    {
      ids: ['1.3.3'],
      asks: 'Each controller has an account of its own.',
      state: 'met',
      here: 'With its own rights alone.',
      checks: [flag(manager, 'use-service-account-credentials', 'true')],
    },
    {
      ids: ['1.3.4', '1.3.5'],
      asks: 'It signs tokens with the right key, and gives pods an authority.',
      state: 'met',
      here: 'The pair of step 03, and the cluster authority.',
      checks: [
        flag(manager, 'service-account-private-key-file'),
        flag(manager, 'root-ca-file'),
      ],
    },
    {
      ids: ['1.3.6'],
      asks: 'Certificates that kubelets serve with are renewed by rotation.',
      state: 'another',
      here:
        'Step 03 issues them and renews them when it runs: no controller of ' +
        'Kubernetes approves such requests, so they would wait for ever. The ' +
        'feature is on by default and not turned off.',
      checks: [flag(manager, 'feature-gates', null)],
    },
    {
      ids: ['1.3.7'],
      asks: 'It listens on the loopback address alone.',
      state: 'met',
      here: 'It does.',
      checks: [
        flag(manager, 'bind-address', '127.0.0.1'),
        test('nothing listens that is not in the table of ports'),
      ],
    },
  ],

  '1.4 Scheduler': [
    {
      ids: ['1.4.1'],
      asks: 'No profiles are shown.',
      state: 'met',
      here: 'Profiling is off, in its file.',
      checks: [
        field(`${controllers}/scheduler.yaml`, 'enableProfiling', false),
        test('controller manager and scheduler tell strangers nothing'),
      ],
    },
    {
      ids: ['1.4.2'],
      asks: 'It listens on the loopback address alone.',
      state: 'met',
      here: 'It does.',
      checks: [
        flag('kube-scheduler', 'bind-address', '127.0.0.1'),
        test('nothing listens that is not in the table of ports'),
      ],
    },
  ],

  '2 etcd': [
    {
      ids: ['2.1', '2.2', '2.3'],
      asks:
        'Clients see a certificate that was not made by etcd itself, and ' +
        'must show one.',
      state: 'met',
      here: 'Both are of the etcd authority.',
      checks: etcd('client'),
    },
    {
      ids: ['2.4', '2.5', '2.6'],
      asks: 'The same between members.',
      state: 'met',
      here: 'With a certificate of its own for each member.',
      checks: etcd('peer'),
    },
    {
      ids: ['2.7'],
      asks: 'etcd has an authority of its own.',
      state: 'met',
      here:
        'Its key never leaves the operator. A certificate of the cluster, ' +
        'even one of system:masters, opens nothing here.',
      checks: [
        test('etcd refuses a stranger without its certificate'),
        test('keys that no machine needs are on no machine'),
      ],
    },
  ],

  '3.1 Users': [
    {
      ids: ['3.1.1'],
      asks: 'People do not come with client certificates.',
      state: 'open',
      here:
        'The administrator of this guide does: a cluster has to be reached ' +
        'before it can ask anybody else who people are. The decision on ' +
        'users shows how to add OpenID Connect.',
      checks: [],
    },
    {
      ids: ['3.1.2', '3.1.3'],
      asks: 'People do not come with tokens of pods or of machines that join.',
      state: 'met',
      here:
        'Nothing here gives them one. A join token is good for one name, for ' +
        'ten minutes, and is deleted when it is used.',
      checks: [
        test('a join token may ask for a certificate, and nothing else'),
        test('no login is left in a Secret'),
      ],
    },
  ],

  '3.2 Audit log': [
    {
      ids: ['3.2.1', '3.2.2'],
      asks:
        'A policy says what is logged: access to Secrets without what is in ' +
        'them, changes of workloads, exec and port-forward.',
      state: 'met',
      here:
        'Every request but health checks and leases, by whom, what and when; ' +
        'bodies never.',
      checks: [
        flag(api, 'audit-policy-file', `${servers}/audit.yaml`),
        test('the audit log has who read a Secret, and not the Secret'),
      ],
    },
  ],

  '4.1 Files of nodes': [
    {
      ids: ['4.1.1', '4.1.2'],
      asks: 'The file that starts the kubelet belongs to root, mode 600.',
      state: 'another',
      here: 'Root’s, mode 644: it is a unit, as above.',
      checks: [access(`${units}/kubelet.service`, 0o644)],
    },
    {
      ids: ['4.1.3', '4.1.4'],
      asks: 'The kubeconfig of kube-proxy belongs to root, mode 600.',
      state: 'met',
      here: 'It does.',
      checks: [access('/etc/kubernetes/kube-proxy/kubeconfig', 0o600)],
    },
    {
      ids: ['4.1.5', '4.1.6'],
      asks: 'The kubeconfig of the kubelet belongs to root, mode 600.',
      state: 'met',
      here: 'It does, in a folder of mode 700.',
      checks: [
        access('/var/lib/kubelet', 0o700),
        access('/var/lib/kubelet/kubeconfig', 0o600),
      ],
    },
    {
      ids: ['4.1.7', '4.1.8'],
      asks: 'The authority that the kubelet trusts belongs to root, mode 644.',
      state: 'met',
      here: 'It does: anybody may read it, nobody else may change it.',
      checks: [access('/etc/kubernetes/kubelet/ca.crt', 0o644)],
    },
    {
      ids: ['4.1.9'],
      asks: 'The configuration of the kubelet has mode 600.',
      state: 'another',
      here:
        'Mode 644: it holds no secret, and so `--plan` can show what changes ' +
        'in it.',
      checks: [access('/etc/kubernetes/kubelet/kubelet.yaml', 0o644)],
    },
    {
      ids: ['4.1.10'],
      asks: 'The configuration of the kubelet belongs to root.',
      state: 'met',
      here: 'It does.',
      checks: [access('/etc/kubernetes/kubelet/kubelet.yaml', 0o644)],
    },
  ],

  '4.2 Kubelet': [
    {
      ids: ['4.2.1', '4.2.2', '4.2.3'],
      asks: 'Who calls a kubelet has a name and a right.',
      state: 'met',
      here: 'The API server is asked for both, unless a certificate says who.',
      checks: [
        field('kubelet', 'authentication.anonymous.enabled', false),
        field('kubelet', 'authorization.mode', 'Webhook'),
        field(
          'kubelet',
          'authentication.x509.clientCAFile',
          '/etc/kubernetes/kubelet/ca.crt',
        ),
        test('kubelets refuse a pod that may not use them'),
      ],
    },
    {
      ids: ['4.2.4'],
      asks: 'The port that asks for no name is closed.',
      state: 'met',
      here: 'By default, when the kubelet has a file.',
      checks: [
        field('kubelet', 'readOnlyPort', undefined),
        test('a pod reaches nothing that is for its machine alone'),
      ],
    },
    {
      ids: ['4.2.5'],
      asks: 'Idle streams end at some time.',
      state: 'met',
      here: 'After four hours, the default: a shell may wait over lunch.',
      checks: [field('kubelet', 'streamingConnectionIdleTimeout', '4h0m0s')],
    },
    {
      ids: ['4.2.6'],
      asks: 'The kubelet keeps the chains of iptables that others count on.',
      state: 'met',
      here: 'By default; nothing here uses them.',
      checks: [field('kubelet', 'makeIPTablesUtilChains', true)],
    },
    {
      ids: ['4.2.7'],
      asks: 'The name of a node is that of its machine.',
      state: 'another',
      here:
        'It is that of cluster.yaml: the name that its join token was made ' +
        'for, and no machine can choose another by calling itself so.',
      checks: [
        flag('kubelet', 'hostname-override'),
        test('a join token is not good for another name'),
      ],
    },
    {
      ids: ['4.2.8'],
      asks: 'Events are not lost for want of a limit that is high enough.',
      state: 'met',
      here: '50 a second, the default.',
      checks: [field('kubelet', 'eventRecordQPS', 50)],
    },
    {
      ids: ['4.2.9', '4.2.10'],
      asks: 'Its certificates are of an authority, and renewed in time.',
      state: 'met',
      here:
        'It serves with one of step 03, and renews by itself the one it ' +
        'calls the API with.',
      checks: [
        field('kubelet', 'tlsCertFile', '/etc/kubernetes/kubelet/serving.crt'),
        field(
          'kubelet',
          'tlsPrivateKeyFile',
          '/etc/kubernetes/kubelet/serving.key',
        ),
        field('kubelet', 'rotateCertificates', true),
        test('it renews its certificate, and gets none for another name'),
      ],
    },
    {
      ids: ['4.2.11'],
      asks: 'The certificate that it serves with is renewed by rotation.',
      state: 'another',
      here: 'By step 03, as in 1.3.6; the kubelet reads a new file by itself.',
      checks: [field('kubelet', 'serverTLSBootstrap', undefined)],
    },
    {
      ids: ['4.2.12'],
      asks: 'No weak ciphers.',
      state: 'another',
      here: 'TLS 1.3 or nothing, as in 1.2.29.',
      checks: [
        field('kubelet', 'tlsMinVersion', 'VersionTLS13'),
        test('nobody speaks less than TLS 1.3'),
      ],
    },
    {
      ids: ['4.2.13'],
      asks: 'A pod has a limit of processes.',
      state: 'met',
      here: '4096: few programs need more, and a machine has more than that.',
      checks: [field('kubelet', 'podPidsLimit', 4096)],
    },
    {
      ids: ['4.2.14'],
      asks: 'System calls of pods are filtered by default.',
      state: 'met',
      here: 'By the list of the container runtime.',
      checks: [field('kubelet', 'seccompDefault', true)],
    },
  ],

  '4.3 kube-proxy': [
    {
      ids: ['4.3.1'],
      asks: 'Its metrics are for the machine alone.',
      state: 'met',
      here: 'On the loopback address, and so is its health.',
      checks: [
        field(
          '/etc/kubernetes/kube-proxy/kube-proxy.yaml',
          'metricsBindAddress',
          '127.0.0.1:10249',
        ),
        test('a stranger reaches nothing that is for its machine alone'),
      ],
    },
  ],

  '5.1 Rights and service accounts': [
    {
      ids: ['5.1.1'],
      asks: 'Few have the role that may do everything.',
      state: 'met',
      here: 'The group of administrators, by one rule that can be taken back.',
      checks: [test('administrators alone may do everything')],
    },
    {
      ids: ['5.1.2', '5.1.4', ...run('5.1', 8, 13)],
      asks:
        'Few may read Secrets, make pods, volumes or tokens, act for others, ' +
        'reach kubelets, approve certificates or set webhooks.',
      state: 'met',
      here: 'Nobody by default. What an administrator adds is theirs to watch.',
      checks: [test(noRule)],
    },
    {
      ids: ['5.1.3'],
      asks: 'Roles say what they allow, one by one.',
      state: 'met',
      here: 'Ours do; those with a star come with Kubernetes.',
      checks: [test('no role of ours allows all there is')],
    },
    {
      ids: ['5.1.5'],
      asks:
        'Nothing runs as the account `default` of a namespace, and pods get ' +
        'no token of it.',
      state: 'another',
      here:
        'What this guide installs has accounts of its own. A pod of yours ' +
        'does get a token of `default`, which no rule names: it opens what ' +
        'every account may see, and no more. 5.1.6 says how to leave it away.',
      checks: [test('nothing of ours runs as a default account')],
    },
    {
      ids: ['5.1.6'],
      asks: 'A pod gets a token where it needs one.',
      state: 'open',
      here:
        'CoreDNS needs one. A pod of yours gets one that opens nothing, until ' +
        'a rule names its account; `automountServiceAccountToken: false` ' +
        'leaves it away.',
      checks: [],
    },
    {
      ids: ['5.1.7'],
      asks: 'Nobody uses the group system:masters.',
      state: 'another',
      here:
        'One certificate is of it, for the day that RBAC is broken. It is in ' +
        'the state folder, and used once, by step 06.',
      checks: [
        test('keys that no machine needs are on no machine'),
        test('the state folder is for its owner alone'),
      ],
    },
  ],

  '5.2 Pod security': [
    {
      ids: ['5.2.1'],
      asks: 'Something decides what pods may be.',
      state: 'met',
      here: 'Pod Security, in every namespace that has not said otherwise.',
      checks: [
        field(
          `${servers}/admission.yaml`,
          'plugins.0.configuration.defaults.enforce',
          'baseline',
        ),
        test(pods),
      ],
    },
    {
      ids: [...run('5.2', 2, 5), ...run('5.2', 10, 12)],
      asks:
        'No privileged pods, none in the namespaces of the machine, no ' +
        'Windows host processes, no folders or ports of the machine.',
      state: 'met',
      here: 'The level `baseline` refuses each of them.',
      checks: [test(pods)],
    },
    {
      ids: run('5.2', 6, 9),
      asks:
        'No pod may get more rights than it began with, be root, send raw ' +
        'packets or keep capabilities.',
      state: 'open',
      here:
        'Half of all images would not start. The level `restricted` warns of ' +
        'it, and one label on a namespace enforces it.',
      checks: [],
    },
  ],

  '5.3 Network policies': [
    {
      ids: ['5.3.1', '5.3.2'],
      asks: 'The pod network enforces policies, and each namespace has one.',
      state: 'open',
      here:
        'The routes of step 12 enforce none, and step 14 shows it. Where ' +
        'tenants share a cluster, choose a pod network that does.',
      checks: [],
    },
  ],

  '5.4 Secrets': [
    {
      ids: ['5.4.1', '5.4.2'],
      asks: 'Programs read Secrets from files, or from a store of their own.',
      state: 'open',
      here: 'Up to the programs that you run.',
      checks: [],
    },
  ],

  '5.5 Images': [
    {
      ids: ['5.5.1'],
      asks: 'An admission webhook decides which images may run.',
      state: 'open',
      here:
        'It takes a policy of yours. What this guide installs is compared ' +
        'with a known sha256 first.',
      checks: [],
    },
  ],

  '5.6 Namespaces and pods': [
    {
      ids: ['5.6.1', '5.6.3'],
      asks: 'Namespaces part people, and pods say what they need.',
      state: 'open',
      here: 'Up to what you run.',
      checks: [],
    },
    {
      ids: ['5.6.2'],
      asks: 'Pods have the seccomp profile of the runtime.',
      state: 'met',
      here: 'Every pod that names no other, by the kubelet.',
      checks: [field('kubelet', 'seccompDefault', true)],
    },
    {
      ids: ['5.6.4'],
      asks: 'Nothing is in the namespace `default`.',
      state: 'met',
      here: 'Nothing of ours is.',
      checks: [test('the namespace default holds what Kubernetes puts there')],
    },
  ],
}

function etcd(side: 'client' | 'peer'): Check[] {
  const file = '/etc/etcd/etcd.yaml'
  const name = side === 'client' ? 'server' : 'peer'
  const at = `${side}-transport-security`
  return [
    field(file, `${at}.cert-file`, `/etc/etcd/pki/${name}.crt`),
    field(file, `${at}.key-file`, `/etc/etcd/pki/${name}.key`),
    field(file, `${at}.trusted-ca-file`, '/etc/etcd/pki/ca.crt'),
    field(file, `${at}.client-cert-auth`, true),
    field(file, `${at}.auto-tls`, undefined),
  ]
}
