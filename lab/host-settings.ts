import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { findCgroup } from './cgroup.ts'
import { waitForLock } from './lab-lock.ts'
import { labsCgroup, labsFolder } from './names.ts'
import { adminPath } from './root-command.ts'

interface Settings {
  /** What they were before the first lab. */
  sysctls: Record<string, string>
  /** Modules that a lab loaded. */
  modules: string[]
}

/** Shared by all machines of a host, and small by default. */
export const atLeast: Readonly<Record<string, number>> = {
  'fs.inotify.max_user_instances': 8192,
  'fs.inotify.max_user_watches': 524288,
}

// Not the machine's but the kernel's, so what a kubelet or a step sets inside
// of a machine is set for this host.
// https://github.com/kubernetes/kubernetes/blob/v1.37.1/pkg/kubelet/cm/container_manager_linux.go
const changedByMachines = [
  'vm.overcommit_memory',
  'vm.panic_on_oom',
  'vm.max_map_count',
  'kernel.panic',
  'kernel.panic_on_oops',
  'kernel.keys.root_maxkeys',
  'kernel.keys.root_maxbytes',
  'kernel.pid_max',
  'fs.file-max',
  'fs.nr_open',
]

/** A container cannot load modules; these are what the steps look for. */
export const modules = ['overlay', 'br_netfilter', 'nf_tables', 'nf_conntrack']

const record = join(labsFolder, 'host.json')

/**
 * Sets what containers cannot set for themselves: limits and modules of the
 * kernel that all of them share. What was there before is recorded once, by
 * the first lab.
 */
export async function prepareHost(): Promise<void> {
  await mkdir(labsFolder, { recursive: true })
  const unlock = await waitForLock(labsFolder)
  try {
    await prepare()
  } finally {
    unlock()
  }
}

async function prepare(): Promise<void> {
  const before = readRecord() ?? { sysctls: currentSysctls(), modules: [] }
  const missing = modules.filter((name) => !isLoaded(name))
  await writeRecord({
    ...before,
    modules: [...new Set([...before.modules, ...missing])],
  })

  for (const [name, least] of Object.entries(atLeast)) {
    if (Number(readSysctl(name)) < least) await writeSysctl(name, least)
  }
  for (const name of missing) await load(name)
}

/**
 * Puts back what the host had before the first lab, if this is the last one.
 *
 * @returns what was put back
 */
export async function restoreHost(): Promise<string[]> {
  const unlock = await waitForLock(labsFolder)
  try {
    return await restore()
  } finally {
    unlock()
  }
}

async function restore(): Promise<string[]> {
  const before = readRecord()
  if (!before || otherLabs().length) return []
  const changed = Object.entries(before.sysctls).filter(
    ([name, value]) => readSysctl(name) !== value,
  )
  for (const [name, value] of changed) await writeSysctl(name, value)
  for (const name of before.modules) await unload(name)
  rmSync(record)
  return changed.map(([name]) => name)
}

// Also one whose folder was lost: it still has its processes.
function otherLabs(): string[] {
  return [labsFolder, ...findCgroup(labsCgroup)].flatMap((folder) =>
    readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name),
  )
}

/**
 * The parameters of this host that a lab may change, as they are now.
 *
 * @returns values by name, without those that this kernel does not have
 */
export function currentSysctls(): Record<string, string> {
  const names = [...Object.keys(atLeast), ...changedByMachines]
  const found = names.map((name) => [name, readSysctl(name)] as const)
  return Object.fromEntries(found.filter(([, value]) => value !== ''))
}

function readRecord(): Settings | undefined {
  try {
    return JSON.parse(readFileSync(record, 'utf8'))
  } catch {
    return undefined
  }
}

async function writeRecord(settings: Settings): Promise<void> {
  await writeFile(record, `${JSON.stringify(settings, null, 2)}\n`)
}

function sysctlFile(name: string): string {
  return join('/proc/sys', ...name.split('.'))
}

function readSysctl(name: string): string {
  try {
    return readFileSync(sysctlFile(name), 'utf8').trim()
  } catch {
    return ''
  }
}

async function writeSysctl(name: string, value: string | number) {
  await writeFile(sysctlFile(name), String(value))
}

// A built-in one is in /sys/module only if it has parameters. For the others
// modprobe does nothing, or fails where there are no modules at all.
function isLoaded(name: string): boolean {
  return existsSync(`/sys/module/${name}`)
}

async function load(name: string): Promise<void> {
  const before = existsSync('/proc/sys/net/bridge')
  await execa('modprobe', [name], { reject: false, env: { PATH: adminPath() } })
  if (before || name !== 'br_netfilter') return
  // Loading it puts the frames of every bridge of this host, also those of
  // Docker or libvirt, before the firewall. Only the machines shall have that.
  for (const family of ['arp', 'ip', 'ip6']) {
    const file = `/proc/sys/net/bridge/bridge-nf-call-${family}tables`
    if (existsSync(file)) await writeFile(file, '0')
  }
}

async function unload(name: string): Promise<void> {
  await execa('modprobe', ['-r', name], {
    reject: false,
    env: { PATH: adminPath() },
  })
}
