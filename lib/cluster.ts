import { homedir } from 'node:os'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { addressAt, parseAddress } from './addresses.ts'
import {
  assertCreatable,
  assertSameMembers,
  ClusterFileError,
  readClusterFile,
} from './cluster-file.ts'
import { mergedOverrides } from './cluster-overrides.ts'
import {
  type ArtifactSource,
  type ClusterFile,
  type Component,
  clusterSchema,
  jsonSchema,
  type OverridableComponent,
  type Role,
} from './cluster-schema.ts'
import { withDefaults } from './cluster-versions.ts'
import { GuideError } from './errors.ts'
import { stateDirectory } from './paths.ts'
import { ports } from './ports.ts'

export type { ArtifactSource, Component, OverridableComponent, Role }
export {
  assertCreatable,
  assertSameMembers,
  ClusterFileError,
  clusterSchema,
  jsonSchema,
}

/** One machine of the cluster, as cluster.yaml describes it. */
export interface MachineEntry {
  name: string
  address: string
  roles: Role[]
  ssh: {
    host: string
    user?: string
    port?: number
    key?: string
    jump?: string
  }
}

/** cluster.yaml and everything that follows from it. */
export interface Cluster {
  name: string
  /** The file it was read from, absolute. */
  file: string
  /** The state folder: keys, kubeconfigs, known host keys. */
  directory: string
  machines: MachineEntry[]
  controlPlanes: MachineEntry[]
  workers: MachineEntry[]
  networks: ClusterFile['networks']
  /** First address of the service range: the Service `kubernetes`. */
  kubernetesServiceAddress: string
  /** Tenth address of the service range: cluster DNS. */
  dnsAddress: string
  /** DNS names in the certificate of every API server. */
  apiServerNames: string[]
  /** Addresses in the certificate of every API server. */
  apiServerAddresses: string[]
  /** Where the API is reached from outside, if somewhere is chosen. */
  endpoint?: { host: string; port: number }
  ports: typeof ports
  versions: Record<Component, string>
  choices: { podNetwork: 'routes' }
  artifacts: { sources: ArtifactSource[]; mirror?: string }
  /** What the checks take for the world outside of the cluster. */
  outside?: { address: string; name: string }
  /** What cluster.yaml overrides for one component on one machine. */
  overridesFor(
    machine: { roles: readonly Role[] },
    component: OverridableComponent,
  ): Record<string, unknown>
}

/** The part of cluster.yaml that makes machines; steps never see it. */
export type Lab = NonNullable<ClusterFile['lab']>

/**
 * Reads cluster.yaml as the steps see it: without `lab`, so that no step can
 * know where its machines come from.
 *
 * @param file path of the file, relative to the working directory
 * @throws ClusterFileError with all mistakes at once, each with its line and
 * column, what was found and what is allowed
 * @example
 * loadCluster('cluster.yaml').kubernetesServiceAddress // '10.30.0.1'
 */
export function loadCluster(file: string): Cluster {
  return loadClusterFile(file).cluster
}

/**
 * Reads cluster.yaml as commands and the lab see it.
 *
 * @param file path of the file, relative to the working directory
 * @returns the cluster, and the lab if the file asks for one
 * @throws ClusterFileError as {@link loadCluster}
 * @example
 * const { cluster, lab } = loadClusterFile('cluster.yaml')
 */
export function loadClusterFile(file: string): { cluster: Cluster; lab?: Lab } {
  const path = resolve(file)
  const content = readClusterFile(path)
  const { lab } = content
  return { cluster: derive(content, path), ...(lab && { lab }) }
}

/**
 * Which cluster file a command is about: `--cluster FILE`, `--cluster=FILE`,
 * the variable CLUSTER, else cluster.yaml of the repository. A relative path
 * starts where the command was typed, also under `npm run`.
 *
 * @param argv arguments of the command; what follows `--` is not looked at
 * @param env variables of the command
 * @returns an absolute path
 * @throws GuideError when `--cluster` stands without a file
 * @example
 * loadCluster(clusterFileFromArguments(process.argv.slice(2), process.env))
 */
export function clusterFileFromArguments(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): string {
  const given = clusterArgument(argv) ?? env.CLUSTER
  if (!given) return join(repository, 'cluster.yaml')
  // npm runs scripts in the repository and says here where it was called;
  // what a script starts elsewhere inherits the variable and not the reason.
  const byNpm = process.cwd() === repository && env.INIT_CWD
  return resolve(byNpm || process.cwd(), given)
}

const repository = resolve(import.meta.dirname, '..')

function clusterArgument(argv: readonly string[]): string | undefined {
  const end = argv.indexOf('--')
  const own = end < 0 ? argv : argv.slice(0, end)
  const at = own.findLastIndex((word) => /^--cluster(=|$)/.test(word))
  if (at < 0) return undefined
  const [, joined] = own[at]?.split(/=(.*)/s) ?? []
  const file = joined ?? own[at + 1] ?? ''
  if (file && !file.startsWith('--')) return file
  throw new GuideError(
    `--cluster: found ${file || 'nothing'}, ` +
      'allowed: a file such as single.yaml',
  )
}

function derive(file: ClusterFile, path: string): Cluster {
  const { name, networks } = file
  // By name, so that their order in the file means nothing: every list that is
  // written to a machine would change with it, and services restart.
  const machines = file.machines
    .map((machine) => entry(machine, file, path))
    .sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))
  const withRole = (role: Role) =>
    machines.filter((machine) => machine.roles.includes(role))
  const controlPlanes = withRole('control-plane')
  const endpoint = file.endpoint ? hostAndPort(file.endpoint) : undefined
  const outside = file.checks?.outside

  return {
    name,
    file: path,
    directory: stateDirectory(name),
    machines,
    controlPlanes,
    workers: withRole('worker'),
    networks,
    kubernetesServiceAddress: addressAt(networks.services, 1),
    dnsAddress: addressAt(networks.services, 10),
    ...apiServerSubjects(controlPlanes, networks, endpoint?.host),
    ...(endpoint && { endpoint }),
    ports,
    versions: withDefaults(file.versions ?? {}),
    choices: { podNetwork: file.choices?.podNetwork ?? 'routes' },
    artifacts: artifactsOf(file),
    ...(outside && { outside }),
    overridesFor: (machine, component) =>
      mergedOverrides(file.overrides, machine.roles, component),
  }
}

/**
 * All that clients may call an API server by: pods through its Service, the
 * machine itself, other machines, the operator. Sorted, so that reordering
 * machines renews no certificate.
 */
function apiServerSubjects(
  controlPlanes: readonly MachineEntry[],
  { services, domain }: Cluster['networks'],
  endpointHost: string | undefined,
): Pick<Cluster, 'apiServerNames' | 'apiServerAddresses'> {
  const subjects = [
    ...controlPlanes.flatMap(({ name, address }) => [name, address]).sort(),
    ...(endpointHost ? [endpointHost] : []),
  ]
  const isAddress = (subject: string) => parseAddress(subject) !== undefined
  const apiServerNames = [
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    `kubernetes.default.svc.${domain}`,
    'localhost',
    ...subjects.filter((subject) => !isAddress(subject)),
  ]
  const apiServerAddresses = [
    '127.0.0.1',
    addressAt(services, 1),
    ...subjects.filter(isAddress),
  ]
  return {
    apiServerNames: [...new Set(apiServerNames)],
    apiServerAddresses: [...new Set(apiServerAddresses)],
  }
}

function artifactsOf({ artifacts = {} }: ClusterFile): Cluster['artifacts'] {
  const { mirror } = artifacts
  const usual: ArtifactSource[] = mirror
    ? ['download', 'mirror', 'cache', 'build']
    : ['download', 'cache', 'build']
  return { sources: artifacts.sources ?? usual, ...(mirror && { mirror }) }
}

function entry(
  machine: ClusterFile['machines'][number],
  file: ClusterFile,
  path: string,
): MachineEntry {
  const { name, address, roles } = machine
  const ssh = { host: address, ...file.ssh, ...machine.ssh }
  if (ssh.key) ssh.key = expand(ssh.key, dirname(path))
  return { name, address, roles, ssh }
}

function expand(path: string, base: string): string {
  if (path.startsWith('~/')) return join(homedir(), path.slice(2))
  return isAbsolute(path) ? path : resolve(base, path)
}

function hostAndPort(text: string): { host: string; port: number } {
  const [host = '', port] = text.split(':')
  return { host, port: Number(port) }
}
