import { existsSync, readFileSync, statfsSync } from 'node:fs'
import { freemem, release } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { execa } from 'execa'
import { installsNewer } from './apt.ts'
import { hierarchies } from './cgroup.ts'
import { isRunning, machineFolder, supervisorsOf } from './made.ts'
import { labsFolder } from './names.ts'
import { collisions } from './network.ts'
import type { LabMachine, LabPlan } from './plan.ts'
import { qemu } from './qemu.ts'
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

type Program = readonly [name: string, from: string, why: string]

const programs: readonly Program[] = [
  ['mmdebstrap', 'mmdebstrap', "makes the machines' base system"],
  ['ip', 'iproute2', 'makes their network'],
  ['nsenter', 'util-linux', 'enters their network'],
  ['ssh-keygen', 'openssh-client', 'makes their keys'],
  ['tar', 'tar', 'unpacks their base system'],
  ['dpkg-deb', 'dpkg', 'reads their packages'],
]

const programsOf: Record<LabPlan['kind'], readonly Program[]> = {
  container: [['systemd-nspawn', 'systemd-container', 'boots the machines']],
  vm: [
    [qemu, 'qemu-system-x86', 'is the machines'],
    ['qemu-img', 'qemu-utils', 'makes their disks'],
    ['mke2fs', 'e2fsprogs', 'makes the disk that theirs are copies of'],
  ],
}

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg'

// What the lab, or what runs in its machines, cannot do without.
const kernelOptions = {
  BRIDGE: 'network bridges',
  VETH: 'virtual network links',
  NET_NS: 'network namespaces',
}

const kernelOptionsOf: Record<LabPlan['kind'], Record<string, string>> = {
  container: {
    OVERLAY_FS: 'overlay file systems',
    ...kernelOptions,
    PID_NS: 'process namespaces',
    NF_TABLES: 'nf_tables, the firewall',
    BRIDGE_NETFILTER: 'br_netfilter, the firewall on bridges',
  },
  vm: { ...kernelOptions, TUN: 'links of virtual machines (TUN/TAP)' },
}

const controllers = ['cpu', 'cpuset', 'memory', 'pids']

const gib = 1024 ** 3

/**
 * Looks for everything that the lab needs from this host, and says all that
 * is missing at once. Reads only, and needs no root.
 */
export async function inspectHost(plan: LabPlan): Promise<HostReport> {
  const tools = [
    ...missingTools(plan.kind),
    ...(plan.kind === 'vm' ? await oldQemu() : []),
  ]
  const hasIp = !tools.some((lack) => lack.package === 'iproute2')
  const used = hasIp ? await collisions(plan.range, plan.network) : []
  return {
    lacks: [
      ...tools,
      ...missingKernelOptions(kernelConfig(), plan.kind),
      ...missingControllers(),
      ...rangeInUse(plan.range, used),
      ...(plan.kind === 'vm'
        ? missingForVirtual(plan)
        : missingDisk(plan.machines.length)),
    ],
    warnings: plan.kind === 'vm' ? [] : scarceMemory(plan.machines.length),
  }
}

/**
 * Kernel options that a configuration lacks, neither built in nor a module.
 *
 * @param config text of the kernel's configuration; undefined where the host
 * does not tell, and then nothing is claimed
 */
export function missingKernelOptions(
  config: string | undefined,
  kind: LabPlan['kind'],
): Lack[] {
  if (config === undefined) return []
  return Object.entries(kernelOptionsOf[kind])
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

function missingTools(kind: LabPlan['kind']): Lack[] {
  const folders = adminPath().split(delimiter)
  const lacks = [...programs, ...programsOf[kind]]
    .filter(([name]) => !folders.some((it) => existsSync(join(it, name))))
    .map(([name, from, why]) => ({ package: from, what: `${name}: ${why}` }))
  if (existsSync(keyring)) return lacks
  const what = `${keyring}: checks the base system's packages`
  return [...lacks, { package: 'debian-archive-keyring', what }]
}

async function oldQemu(): Promise<Lack[]> {
  const { stdout } = await execa(qemu, ['--version'], {
    reject: false,
    env: { PATH: adminPath() },
  })
  return qemuLacks(stdout ?? '', await installsNewer('qemu-system-x86'))
}

/**
 * What is wrong with a QEMU. Before version 8 it now and then hangs a guest
 * with several processors when it emulates them.
 *
 * @param said what its `--version` prints; nothing if there is none
 * @param hasNewer the package source of this host has one that is new enough
 */
export function qemuLacks(said: string, hasNewer: boolean): Lack[] {
  const [, version, major] = /version ((\d+)\.\d+)/.exec(said) ?? []
  if (!version || Number(major) >= 8) return []
  const what = `${qemu} 8 or later: with ${version}, machines hang now and then`
  return [{ what, ...(hasNewer && { package: 'qemu-system-x86' }) }]
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

/**
 * What this host lacks to start virtual machines. They take nothing of it but
 * what their sizes say, and what they cannot get stops them in the middle of
 * their work.
 *
 * @param machines those that are to run; by default all
 */
export function missingForVirtual(
  plan: LabPlan,
  machines: readonly LabMachine[] = plan.machines,
): Lack[] {
  const runs = ({ name }: LabMachine) => isRunning(plan.cluster, name)
  const absent = machines.filter(
    ({ name }) => !existsSync(machineFolder(plan.directory, name)),
  )
  const off = machines.filter((machine) => !runs(machine))
  const running = plan.machines.filter(runs).map(({ name, size }) => ({
    size: size.memory / 1024,
    held: sumOf(supervisorsOf(plan.cluster, name).map(residentMemory)),
  }))
  return virtualLacks(
    { memory: sum(off, 'memory'), disk: sum(absent, 'disk') },
    { memory: availableMemory() - promised(running), disk: freeDisk() },
  )
}

/**
 * Memory that running virtual machines have not taken yet, and may.
 *
 * @param running what each may have, and what it holds already
 */
export function promised(
  running: readonly { size: number; held: number }[],
): number {
  return sumOf(running.map(({ size, held }) => Math.max(0, size - held)))
}

/**
 * What a host lacks for virtual machines.
 *
 * @param wanted by all machines that do not run, in GiB
 * @param free on this host, in GiB
 */
export function virtualLacks(
  wanted: { memory: number; disk: number },
  free: { memory: number; disk: number },
): Lack[] {
  const how = {
    memory: 'make lab.sizes.ROLE.memory smaller or take fewer machines',
    disk: `make lab.sizes.ROLE.disk smaller or free some of ${labsFolder}`,
  }
  return (['memory', 'disk'] as const)
    .filter((kind) => wanted[kind] > free[kind])
    .map((kind) => ({
      what:
        `${kind}: the virtual machines may take ${wanted[kind].toFixed(1)} ` +
        `GiB, ${free[kind].toFixed(1)} GiB are free; ${how[kind]}`,
    }))
}

function sum(machines: readonly LabMachine[], kind: 'memory' | 'disk'): number {
  return sumOf(machines.map(({ size }) => size[kind])) / 1024
}

function sumOf(figures: readonly number[]): number {
  return figures.reduce((all, one) => all + one, 0)
}

function missingDisk(machines: number): Lack[] {
  const free = freeDisk()
  const wanted = 1 + machines
  if (free >= wanted) return []
  const what =
    `${labsFolder} has ${free.toFixed(1)} GiB free; ${machines} machines ` +
    `take ${wanted} GiB`
  return [{ what }]
}

function scarceMemory(machines: number): string[] {
  const free = availableMemory()
  const wanted = machines * 0.75
  if (free >= wanted) return []
  return [
    `memory: ${free.toFixed(1)} GiB available; a cluster on ${machines} ` +
      `machines takes about ${wanted.toFixed(1)} GiB`,
  ]
}

function freeDisk(): number {
  const { bavail, bsize } = statfsSync(existing(labsFolder))
  return (bavail * bsize) / gib
}

function availableMemory(): number {
  return memoryIn('/proc/meminfo', 'MemAvailable') ?? freemem() / gib
}

function residentMemory(pid: number): number {
  return memoryIn(`/proc/${pid}/status`, 'VmRSS') ?? 0
}

// In GiB, as everything here.
function memoryIn(file: string, field: string): number | undefined {
  if (!existsSync(file)) return undefined
  const text = readFileSync(file, 'utf8')
  const found = new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(text)?.[1]
  return found === undefined ? undefined : (Number(found) * 1024) / gib
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
