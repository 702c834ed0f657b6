import { z } from 'zod'
import { defaultVersions } from './artifacts/catalogue.ts'

/** What a machine can be. One machine may be both. */
export const roles = ['control-plane', 'worker'] as const
/** One of {@link roles}. */
export type Role = (typeof roles)[number]

/** What lab machines can be, see `lab.machines`. */
export const labKinds = ['container', 'vm'] as const
/** One of {@link labKinds}. */
export type LabKind = (typeof labKinds)[number]

/** What virtual machines can run, see `lab.os`. */
export const labSystems = ['debian-13', 'debian-12'] as const
/** One of {@link labSystems}. */
export type LabSystem = (typeof labSystems)[number]

/** Size of a virtual machine where cluster.yaml names none. */
export const usualSize = { cpus: 2, memory: '2Gi', disk: '8Gi' } as const

/** Where a binary may come from, see `artifacts.sources`. */
export const artifactSources = ['download', 'mirror', 'cache', 'build'] as const
/** One of {@link artifactSources}. */
export type ArtifactSource = (typeof artifactSources)[number]

/** Programs whose version cluster.yaml may choose. */
export const components = [
  'kubernetes',
  'kubelet',
  'etcd',
  'containerd',
  'runc',
  'cni-plugins',
  'coredns',
] as const
/** One of {@link components}. */
export type Component = (typeof components)[number]

const byte = '(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)'
const ipv4 = `${byte}(\\.${byte}){3}`
const label = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?'
// The last label starts with a letter, or 10.0.0.300 would pass for a name.
const domainName = `(${label}\\.)*[a-z]([a-z0-9-]{0,61}[a-z0-9])?`
const port =
  '([1-9]\\d{0,3}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d\\d|655[0-2]\\d|6553[0-5])'

const address = (example: string) =>
  text(ipv4, `an IPv4 address such as ${example}`)

const range = (example: string) =>
  text(`${ipv4}/([12]?\\d|3[0-2])`, `an IPv4 range such as ${example}`)

const defaults = defaultVersions()

const version = (component: Component, of: string) =>
  text(
    '(0|[1-9]\\d*)\\.(0|[1-9]\\d*)\\.(0|[1-9]\\d*)',
    `a full version such as ${defaults[component]}`,
  )
    .optional()
    .describe(`Version of ${of}. Default: ${defaults[component]}`)

const hostName = (example: string) =>
  text(domainName, `a DNS name such as ${example}`).max(253, {
    error: 'a DNS name of at most 253 characters',
  })

const sshFields = {
  user: text(
    '[A-Za-z_][A-Za-z0-9_.-]{0,31}',
    'the name of a user, such as admin',
  )
    .optional()
    .describe(
      'User to log in as. Any other than root needs `sudo -n`, that is sudo ' +
        'without a password. Default: what ssh itself takes, from ' +
        '~/.ssh/config or your own name. Example: admin',
    ),
  port: integer(1, 65535, 'a port from 1 to 65535')
    .optional()
    .describe(
      'Port of the SSH server. Default: what ssh itself takes, from ' +
        '~/.ssh/config or 22. Example: 2222',
    ),
  key: text(
    '[^\\0\\n]+',
    'the path of a private key, such as ~/.ssh/id_ed25519',
  )
    .optional()
    .describe(
      'Path of the private key; ~ is your home, a relative path starts at ' +
        'the folder of this file. Default: your agent and the keys that ssh ' +
        'itself tries. Example: ~/.ssh/id_ed25519',
    ),
  jump: text(
    '[A-Za-z0-9_][A-Za-z0-9_.@:,-]*',
    'a host to jump through, such as admin@bastion.example.com:22',
  )
    .optional()
    .describe(
      'Host to jump through, as ssh -J takes it: user@host:port, several ' +
        'with commas between. Default: none. ' +
        'Example: admin@bastion.example.com:22',
    ),
}

const amount = (what: string, of: string, usual: string) =>
  text('[1-9]\\d{0,5}(Mi|Gi)', `an amount such as ${usual} or 1536Mi`)
    .optional()
    .describe(`${what} of ${of}, in Mi or Gi. Default: ${usual}`)

const machineSize = (role: Role) =>
  group({
    cpus: integer(1, 64, 'a number from 1 to 64')
      .optional()
      .describe(
        'Processors of each. More of them than this host has only take ' +
          `turns. Default: ${usualSize.cpus}`,
      ),
    memory: amount('Memory', 'each, taken as it is used', usualSize.memory),
    disk: amount('Disk', 'each, taken as it is written', usualSize.disk),
  })
    .optional()
    .describe(`Size of machines with the role ${role}.`)

const machine = group({
  name: text(
    `(?=.*[a-z])${label}`,
    'a name of lower-case letters, digits and hyphens with at least one ' +
      'letter, at most 63, such as worker-1',
  ).describe(
    'Host name of the machine and name of its node: a DNS label (RFC 1123) ' +
      'that no other machine has. Example: worker-1',
  ),
  address: address('10.10.0.11').describe(
    'IPv4 address under which the other machines reach this one; within ' +
      'networks.machines. Example: 10.10.0.11',
  ),
  roles: z
    .array(choice(roles), { error: `a list of ${roles.join(', ')}` })
    .min(1, { error: `at least one of ${roles.join(', ')}` })
    .describe(
      'control-plane runs etcd, API server, controller manager and ' +
        'scheduler; worker runs ordinary pods. A machine with both roles is ' +
        'not tainted. Example: [control-plane, worker]',
    ),
  ssh: group({
    host: text(
      `(${ipv4}|(?![0-9.]+$)[A-Za-z0-9_][A-Za-z0-9_.-]*)`,
      'a name or an address, such as node1.example.com',
    )
      .optional()
      .describe(
        'Name or address by which you reach the machine; a Host of ' +
          '~/.ssh/config works too. Default: the address of the machine. ' +
          'Example: node1.example.com',
      ),
    ...sshFields,
  })
    .optional()
    .describe(
      'How SSH reaches this machine. Default: the fields of the top-level ' +
        'ssh, each of which can be replaced here.',
    ),
})

const anyFields = (pattern: string, example: string) =>
  z
    .record(
      text(pattern, `the name of a field, such as ${example}`),
      z.unknown(),
      { error: `a mapping of fields to values, such as {${example}: …}` },
    )
    .optional()

const kubeletFields = anyFields('[a-z][A-Za-z0-9]*', 'maxPods').describe(
  'Fields of KubeletConfiguration, laid over those of step 10. ' +
    'Default: none. Example: {maxPods: 60}',
)
const kubeProxyFields = anyFields('[a-z][A-Za-z0-9]*', 'conntrack').describe(
  'Fields of KubeProxyConfiguration, laid over those of step 11. ' +
    'Default: none. Example: {conntrack: {maxPerCore: 0}}',
)
const etcdFields = anyFields('[a-z][a-z0-9-]*', 'quota-backend-bytes').describe(
  'Fields of the configuration file of etcd, laid over those of step 05. ' +
    'Default: none. Example: {quota-backend-bytes: 4294967296}',
)

const flags = (program: string, step: string, example: string) =>
  z
    .record(
      text('[a-z][a-z0-9-]*', 'the name of a flag without its leading --'),
      z.union([z.string(), z.number(), z.boolean()], {
        error: 'a text, a number, true or false',
      }),
      { error: `a mapping of flags to values, such as {${example}}` },
    )
    .optional()
    .describe(
      `Flags of ${program} without their leading --, laid over those of ` +
        `step ${step}. Default: none. Example: {${example}}`,
    )

/**
 * The shape of cluster.yaml. What one field means for another is in
 * `cluster-rules.ts`.
 */
export const clusterSchema = group({
  name: text(
    '[a-z]([a-z0-9-]{0,30}[a-z0-9])?',
    'a name of lower-case letters, digits and hyphens that starts with a ' +
      'letter, at most 32, such as scratch',
  ).describe(
    'Name of the cluster and of the folder that holds its keys, ' +
      '~/.local/state/kubernetes-from-scratch/NAME. Another name is another ' +
      'cluster. Example: scratch',
  ),
  lab: group({
    machines: choice(labKinds).describe(
      'Kind of machines: container makes each a systemd-nspawn container ' +
        'that boots like a machine and shares the kernel of this host; vm ' +
        'makes each a virtual machine (QEMU) with a kernel of its own.',
    ),
    os: choice(labSystems)
      .optional()
      .describe(
        'Operating system of virtual machines. Default: debian-13. ' +
          'Containers run debian-12 always. Example: debian-12',
      ),
    sizes: group({
      'control-plane': machineSize('control-plane'),
      worker: machineSize('worker'),
    })
      .optional()
      .describe(
        'Size of virtual machines, by role; one with both roles gets the ' +
          'larger of each. Default: as given for each field.',
      ),
  })
    .optional()
    .describe(
      'Makes the machines ours: `npm run up` creates them on this host and ' +
        '`npm run down` deletes them. Leave it out for machines of your own. ' +
        'Default: none. Example: {machines: container}',
    ),
  ssh: group(sshFields)
    .optional()
    .describe(
      'How SSH reaches every machine, where the machine does not say ' +
        'otherwise. Default: as ssh itself would. Example: {user: admin}',
    ),
  machines: z
    .array(machine, { error: 'a list of machines' })
    .min(1, { error: 'a list of at least one machine' })
    .describe(
      'The machines, in any order: nothing that a machine gets depends on ' +
        'its place in the list.',
    ),
  networks: group({
    machines: range('10.10.0.0/24').describe(
      'Range that holds the address of every machine. Example: 10.10.0.0/24',
    ),
    pods: range('10.20.0.0/16').describe(
      'Range that pods get their addresses from; every machine takes one ' +
        'part of it. It cannot be changed later. Example: 10.20.0.0/16',
    ),
    podsPerMachine: integer(8, 30, 'a prefix length such as 24')
      .default(24)
      .describe(
        'Prefix length of the part that one machine takes of the pod range. ' +
          'Default: 24, that is 253 pods.',
      ),
    services: range('10.30.0.0/16').describe(
      'Range that Services get their cluster addresses from. The first ' +
        'address is the API, the tenth is DNS. It cannot be changed later. ' +
        'Example: 10.30.0.0/16',
    ),
    domain: hostName('cluster.local')
      .default('cluster.local')
      .describe(
        'DNS domain of the cluster; a Service is NAME.NAMESPACE.svc.DOMAIN. ' +
          'Default: cluster.local',
      ),
  }).describe('Address ranges. No two of them may share an address.'),
  versions: group({
    kubernetes: version(
      'kubernetes',
      'API server, controller manager, scheduler, kube-proxy and kubectl',
    ),
    kubelet: version('kubernetes', 'the kubelet').describe(
      'Version of the kubelet: not newer than kubernetes and at most three ' +
        'minor versions older. Default: that of kubernetes.',
    ),
    etcd: version('etcd', 'etcd'),
    containerd: version('containerd', 'containerd'),
    runc: version('runc', 'runc'),
    'cni-plugins': version('cni-plugins', 'the CNI plugins'),
    coredns: version('coredns', 'CoreDNS'),
  })
    .optional()
    .describe(
      'Versions that differ from those in lib/artifacts/versions.yaml, ' +
        'the ones this guide was tested with.',
    ),
  choices: group({
    podNetwork: choice(['routes'])
      .default('routes')
      .describe(
        'How pods reach pods on other machines: routes puts one plain route ' +
          'per machine on every other; all must be on one network segment. ' +
          'Default: routes',
      ),
  })
    .optional()
    .describe('Where the guide offers more than one way.'),
  endpoint: text(
    `(${ipv4}|${domainName}):${port}`,
    'host:port such as api.example.com:6443',
  )
    .optional()
    .describe(
      'Where you, and others outside of the cluster, reach the API, such as ' +
        'a load balancer of yours. It goes into the certificates of the API ' +
        'servers. Default: none, each control plane is a context of its own. ' +
        'Example: api.example.com:6443',
    ),
  artifacts: group({
    sources: z
      .array(choice(artifactSources), {
        error: `a list of ${artifactSources.join(', ')}`,
      })
      .min(1, { error: `at least one of ${artifactSources.join(', ')}` })
      .optional()
      .describe(
        'Where binaries come from, the preferred one first: download from ' +
          'the publisher, mirror, cache of this host, build from source. ' +
          'Default: [download, cache, build], with a mirror ' +
          '[download, mirror, cache, build].',
      ),
    mirror: text(
      'https?://[A-Za-z0-9][^\\s?#]*',
      'an http or https URL such as http://10.10.0.1:8089',
    )
      .optional()
      .describe(
        'URL of a server of yours that offers the same files. ' +
          'Default: none. Example: http://10.10.0.1:8089',
      ),
  })
    .optional()
    .describe('Where binaries and images come from.'),
  checks: group({
    outside: group({
      address: address('203.0.113.10').describe(
        'Address that answers HTTP and DNS. Example: 203.0.113.10',
      ),
      name: hostName('outside.test').describe(
        'Name of that address. Example: outside.test',
      ),
    })
      .optional()
      .describe(
        'What the checks take for the world outside of the cluster. ' +
          'Default: none, those checks are skipped and say so.',
      ),
  })
    .optional()
    .describe('What the checks need to know.'),
  overrides: group({
    'control-plane': group({
      kubelet: kubeletFields,
      etcd: etcdFields,
      'kube-apiserver': flags('kube-apiserver', '06', 'profiling: false'),
      'kube-controller-manager': flags(
        'kube-controller-manager',
        '07',
        'terminated-pod-gc-threshold: 100',
      ),
      'kube-scheduler': flags('kube-scheduler', '07', 'v: 4'),
      'kube-proxy': kubeProxyFields,
    })
      .optional()
      .describe('For control planes. On a machine with both roles it wins.'),
    worker: group({ kubelet: kubeletFields, 'kube-proxy': kubeProxyFields })
      .optional()
      .describe('For workers.'),
  })
    .optional()
    .describe(
      'Settings of components that differ from those of the steps, by role.',
    ),
})

/** cluster.yaml as it is written, with the defaults of the schema. */
export type ClusterFile = z.infer<typeof clusterSchema>

/** A cluster file in which what has the wrong shape is undefined. */
export type SoundParts = Partly<ClusterFile>

type Partly<T> = T extends (infer Item)[]
  ? (Partly<Item> | undefined)[]
  : T extends object
    ? { [Key in keyof T]?: Partly<T[Key]> | undefined }
    : T

/** Programs that `overrides` reaches. */
export type OverridableComponent = keyof NonNullable<
  NonNullable<ClusterFile['overrides']>['control-plane']
>

/**
 * The JSON Schema that editors complete cluster.yaml with.
 *
 * @example
 * writeFileSync('cluster.schema.json', JSON.stringify(jsonSchema(), null, 2))
 * @see https://json-schema.org/draft/2020-12
 */
export function jsonSchema(): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(clusterSchema, { io: 'input' })
  return {
    $schema,
    title: 'cluster.yaml',
    description: 'A Kubernetes cluster: its machines, ranges and versions.',
    ...schema,
  }
}

// In each of these the error is what the field allows: it ends the message
// "found …, allowed: …".

function text(pattern: string, allowed: string) {
  return z
    .string({ error: allowed })
    .regex(new RegExp(`^(${pattern})$`), { error: allowed })
}

function integer(least: number, most: number, allowed: string) {
  return z
    .int({ error: allowed })
    .min(least, { error: allowed })
    .max(most, { error: allowed })
}

function choice<const T extends readonly string[]>(values: T) {
  return z.enum(values, { error: values.join(', ') })
}

function group<T extends z.core.$ZodLooseShape>(shape: T) {
  const fields = Object.keys(shape).join(', ')
  return z.strictObject(shape, { error: `a mapping with ${fields}` })
}
