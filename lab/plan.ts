import { join } from 'node:path'
import {
  addressAt,
  contains,
  formatAddress,
  parseRange,
} from '../lib/addresses.ts'
import { mebibytes } from '../lib/amounts.ts'
import type { Cluster, Lab, MachineEntry } from '../lib/cluster.ts'
import {
  type LabKind,
  type LabSystem,
  usualSize,
} from '../lib/cluster-schema.ts'
import { GuideError } from '../lib/errors.ts'
import { cacheDirectory } from '../lib/paths.ts'
import { labKind } from './kind.ts'
import { hardwareAddress, labsFolder, networkName } from './names.ts'

/** A machine that the lab makes. */
export interface LabMachine {
  name: string
  /** Address with prefix, such as 10.10.0.11/24. */
  address: string
  hardwareAddress: string
  /** Port that its SSH server listens on. */
  sshPort: number
  /** Of a virtual machine; a container has what this host has. */
  size: Size
}

/** What a virtual machine gets at most. */
export interface Size {
  cpus: number
  /** MiB. */
  memory: number
  /** MiB. */
  disk: number
}

/**
 * All that the root part of the lab has to know. It is plain data, because
 * it may have to cross `sudo`.
 */
export interface LabPlan {
  cluster: string
  kind: LabKind
  /** What virtual machines run. */
  os: LabSystem
  /** The lab's folder, owned by root. */
  directory: string
  /** Network namespace and link of the host, see {@link networkName}. */
  network: string
  range: string
  /** Address of the lab's own services and the machines' way out. */
  gateway: string
  /** Address of this host on the machines' network, with prefix. */
  operator: string
  /** Where DNS answers, and what it answers. */
  outside: { address: string; name?: string }
  machines: LabMachine[]
  /** Folder of the cached base system. */
  cache: string
  /** Folder that the mirror serves. */
  artifacts: string
  /** Line for authorized_keys. */
  key: string
  /** Who the caches belong to, and whom the services run as. */
  owner: { uid: number; gid: number }
}

/**
 * Derives the lab of a cluster: names, addresses, folders.
 *
 * @param key public key that opens the machines
 * @param vm virtual machines, whatever cluster.yaml says; default false
 * @throws {GuideError} where the lab cannot make what cluster.yaml asks for
 * @example
 * const { cluster, lab } = loadLab('cluster.yaml')
 * const plan = labPlan(cluster, lab, 'ssh-ed25519 AAAA… lab of scratch')
 */
export function labPlan(
  cluster: Cluster,
  lab: Lab,
  key: string,
  { vm = false } = {},
): LabPlan {
  const range = cluster.networks.machines
  const gateway = addressAt(range, 1)
  const prefix = parseRange(range)?.prefix
  const { uid = 0, gid = 0 } = {
    uid: process.getuid?.(),
    gid: process.getgid?.(),
  }
  refuse(mistakes(cluster, gateway))
  const directory = join(labsFolder, cluster.name)
  return {
    cluster: cluster.name,
    kind: labKind(directory, lab, vm),
    os: lab.os ?? 'debian-13',
    directory,
    network: networkName(cluster.name),
    range,
    gateway,
    operator: `${operatorAddress(cluster, gateway)}/${prefix}`,
    outside: cluster.outside ?? { address: gateway },
    machines: cluster.machines.map((machine) => ({
      name: machine.name,
      address: `${machine.address}/${prefix}`,
      hardwareAddress: hardwareAddress(cluster.name, machine.name),
      sshPort: machine.ssh.port ?? 22,
      size: sizeOf(machine, lab.sizes),
    })),
    cache: join(cacheDirectory(), 'lab'),
    artifacts: join(cacheDirectory(), 'artifacts'),
    key,
    owner: { uid, gid },
  }
}

/** The address without its prefix. */
export function bare(address: string): string {
  return address.replace(/\/.*/, '')
}

// A machine with both roles does the work of both.
function sizeOf({ roles }: MachineEntry, sizes: Lab['sizes'] = {}): Size {
  const given = roles.map((role) => ({ ...usualSize, ...sizes[role] }))
  const most = (values: number[]) => Math.max(...values)
  return {
    cpus: most(given.map(({ cpus }) => cpus)),
    memory: most(given.map(({ memory }) => mebibytes(memory))),
    disk: most(given.map(({ disk }) => mebibytes(disk))),
  }
}

// The last address that is free: machines are numbered from the start.
function operatorAddress(cluster: Cluster, gateway: string): string {
  const range = parseRange(cluster.networks.machines)
  const taken = [gateway, ...cluster.machines.map(({ address }) => address)]
  if (!range) throw new Error(`${cluster.networks.machines} is no range`)
  for (let last = range.last - 1; last > range.first; last--) {
    const address = formatAddress(last)
    if (!taken.includes(address)) return address
  }
  throw new GuideError(
    `The lab needs an address in ${cluster.networks.machines} for this ` +
      'host, but the machines take all of them',
    [`make networks.machines in ${cluster.file} larger`],
  )
}

function* mistakes(cluster: Cluster, gateway: string) {
  for (const { name, address, ssh } of cluster.machines) {
    if (address === gateway) {
      yield `${name}: ${address} is the lab's own; give it another one`
    }
    if (ssh.user && !['root', 'admin'].includes(ssh.user)) {
      yield `${name}: ssh.user is ${ssh.user}; lab machines know root and admin`
    }
    if (ssh.host !== address) {
      yield `${name}: ssh.host is ${ssh.host}; leave it out in a lab`
    }
    if (ssh.jump) yield `${name}: leave ssh.jump out in a lab`
  }
  const outside = cluster.outside?.address
  if (outside && contains(cluster.networks.machines, outside)) {
    yield `checks.outside.address ${outside} is inside networks.machines`
  }
}

function refuse(found: Iterable<string>): void {
  const lines = [...found]
  if (lines.length === 0) return
  throw new GuideError(
    `The lab cannot make these machines\n  ${lines.join('\n  ')}`,
  )
}
