import { existsSync, readFileSync, statfsSync } from 'node:fs'
import { freemem, release } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { hierarchies } from './cgroup.ts'
import { labsFolder } from './names.ts'
import { collisions } from './network.ts'
import type { LabPlan } from './plan.ts'
import { adminPath } from './root-command.ts'

/** Something that this host lacks. */
export interface Lack {
  /** The Debian package that would bring it, if one would. */
  package?: string
  what: string
}

/** What was found out about this host. */
export interface HostReport {
  lacks: Lack[]
  /** Worth saying, but no reason to stop. */
  warnings: string[]
}

const programs = [
  ['systemd-nspawn', 'systemd-container', 'boots the machines'],
  ['mmdebstrap', 'mmdebstrap', 'makes their base system'],
  ['ip', 'iproute2', 'makes their network'],
  ['nsenter', 'util-linux', 'enters their network'],
  ['ssh-keygen', 'openssh-client', 'makes their keys'],
  ['tar', 'tar', 'unpacks their base system'],
  ['dpkg-deb', 'dpkg', 'reads their packages'],
] as const

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg'

// What the lab, or what runs in its machines, cannot do without.
const kernelOptions = {
  OVERLAY_FS: 'overlay file systems',
  BRIDGE: 'network bridges',
  VETH: 'virtual network links',
  NET_NS: 'network namespaces',
  PID_NS: 'process namespaces',
  NF_TABLES: 'nf_tables, the firewall',
  BRIDGE_NETFILTER: 'br_netfilter, the firewall on bridges',
}

const controllers = ['cpu', 'cpuset', 'memory', 'pids']

const gib = 1024 ** 3

/**
 * Looks for everything that the lab needs from this host, and says all that
 * is missing at once. Reads only, and needs no root.
 */
export async function inspectHost(plan: LabPlan): Promise<HostReport> {
  const tools = missingTools()
  const hasIp = !tools.some((lack) => lack.package === 'iproute2')
  const used = hasIp ? await collisions(plan.range, plan.network) : []
  return {
    lacks: [
      ...tools,
      ...missingKernelOptions(kernelConfig()),
      ...missingControllers(),
      ...rangeInUse(plan.range, used),
      ...missingDisk(plan.machines.length),
    ],
    warnings: scarceMemory(plan.machines.length),
  }
}

/**
 * Kernel options that a configuration lacks, neither built in nor a module.
 *
 * @param config text of the kernel's configuration; undefined where the host
 * does not tell, and then nothing is claimed
 */
export function missingKernelOptions(config: string | undefined): Lack[] {
  if (config === undefined) return []
  return Object.entries(kernelOptions)
    .filter(([name]) => !new RegExp(`^CONFIG_${name}=[ym]$`, 'm').test(config))
    .map(([name, what]) => ({
      what: `kernel ${release()} has no ${what} (CONFIG_${name})`,
    }))
}

function rangeInUse(range: string, routes: readonly string[]): Lack[] {
  if (routes.length === 0) return []
  const what =
    `networks.machines ${range} is in use on this host: ` +
    `${routes.join(', ')}. Take another range in cluster.yaml`
  return [{ what }]
}

function missingTools(): Lack[] {
  const folders = adminPath().split(delimiter)
  const lacks = programs
    .filter(([name]) => !folders.some((it) => existsSync(join(it, name))))
    .map(([name, from, why]) => ({ package: from, what: `${name}: ${why}` }))
  if (existsSync(keyring)) return lacks
  const what = `${keyring}: checks the base system's packages`
  return [...lacks, { package: 'debian-archive-keyring', what }]
}

function missingControllers(): Lack[] {
  const all = hierarchies()
  const unified = all.find(({ version }) => version === 2)
  const file = unified && join(unified.path, 'cgroup.controllers')
  const found = [
    ...all.flatMap((hierarchy) => hierarchy.controllers),
    ...(file ? readFileSync(file, 'utf8').trim().split(' ') : []),
  ]
  return controllers
    .filter((name) => !found.includes(name))
    .map((name) => ({
      what: `cgroup controller ${name} is not available under /sys/fs/cgroup`,
    }))
}

function missingDisk(machines: number): Lack[] {
  const { bavail, bsize } = statfsSync(existing(labsFolder))
  const free = (bavail * bsize) / gib
  const wanted = 1 + machines
  if (free >= wanted) return []
  const what =
    `${labsFolder} has ${free.toFixed(1)} GiB free; ${machines} machines ` +
    `take ${wanted} GiB`
  return [{ what }]
}

function scarceMemory(machines: number): string[] {
  const available = /^MemAvailable:\s+(\d+)/m.exec(
    readFileSync('/proc/meminfo', 'utf8'),
  )?.[1]
  const free = (available ? Number(available) * 1024 : freemem()) / gib
  const wanted = machines * 0.75
  if (free >= wanted) return []
  return [
    `memory: ${free.toFixed(1)} GiB available; a cluster on ${machines} ` +
      `machines takes about ${wanted.toFixed(1)} GiB`,
  ]
}

function kernelConfig(): string | undefined {
  const packed = '/proc/config.gz'
  const plain = `/boot/config-${release()}`
  if (existsSync(packed)) return gunzipSync(readFileSync(packed)).toString()
  if (existsSync(plain)) return readFileSync(plain, 'utf8')
  return undefined
}

function existing(folder: string): string {
  return existsSync(folder) ? folder : existing(dirname(folder))
}
