import {
  existsSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { GuideError } from '../lib/errors.ts'
import { signal } from './signal.ts'

/** A mounted cgroup hierarchy: one on a v2 host, several on a v1 host. */
export interface Hierarchy {
  path: string
  version: 1 | 2
  /** Names of controllers; of v1 only. */
  controllers: string[]
}

// What is written where, of v1 and of v2.
const thawing = [
  ['freezer.state', 'THAWED'],
  ['cgroup.freeze', '0'],
] as const

/**
 * Makes a cgroup in every hierarchy of the host, as Docker's `cgroupfs`
 * driver does: with or without systemd, on v1, hybrid and v2 hosts.
 *
 * @param name path below the root of the hierarchies, such as `labs/a/cp-1`
 * @returns the cgroup's folders; a process joins by writing to `cgroup.procs`
 * of each
 */
export async function createCgroup(name: string): Promise<string[]> {
  const folders = hierarchies().map(async (hierarchy) => {
    let path = hierarchy.path
    for (const part of name.split('/')) {
      await passOn(hierarchy, path)
      path = join(path, part)
      await mkdir(path, { recursive: true })
      if (hierarchy.controllers.includes('cpuset')) await inherit(path)
    }
    return path
  })
  return Promise.all(folders)
}

/** The folders of a cgroup that exist, without making any. */
export function findCgroup(name: string): string[] {
  return hierarchies()
    .map(({ path }) => join(path, name))
    .filter((path) => existsSync(path))
}

/** Processes in a cgroup and the cgroups below it. */
export function members(name: string): number[] {
  const pids = findCgroup(name)
    .flatMap(tree)
    .flatMap((folder) => read(join(folder, 'cgroup.procs')).split('\n'))
    .filter(Boolean)
    .map(Number)
  return [...new Set(pids)]
}

/**
 * Kills every process of a cgroup. What belongs to a lab is known to the
 * kernel by its cgroup: no record of pids that could be lost or outdated.
 *
 * @returns how many processes there were
 * @throws {GuideError} when one of them does not end within 20 s
 */
export async function killCgroup(name: string): Promise<number> {
  const all = new Set<number>()
  const end = performance.now() + 20_000
  while (true) {
    // Only a zombie has no command line and no way to be killed again.
    const pids = members(name).filter((pid) => pid !== process.pid)
    if (pids.length === 0) return all.size
    thawCgroup(name)
    for (const pid of pids) {
      all.add(pid)
      signal(pid, 'SIGKILL')
    }
    if (performance.now() > end) throw stuck(name, pids)
    await sleep(20)
  }
}

/**
 * Lets frozen processes of a cgroup run, so that they can end: on v1, one
 * that is frozen takes not even SIGKILL. runc freezes a container while it
 * sets it up, and stays half-way when its machine is killed.
 */
export function thawCgroup(name: string): void {
  for (const folder of findCgroup(name)) thaw(folder)
}

/** Thaws a cgroup's folder and those below it, whichever version it is of. */
export function thaw(folder: string): void {
  for (const [file, word] of thawing) {
    if (!existsSync(join(folder, file))) continue
    for (const it of tree(folder)) {
      try {
        writeFileSync(join(it, file), word, { flag: 'r+' })
      } catch (error) {
        // Gone since it was listed.
        const { code } = error as NodeJS.ErrnoException
        if (code !== 'ENOENT' && code !== 'ENODEV') throw error
      }
    }
  }
}

/**
 * Waits until a cgroup has no process left.
 *
 * @param seconds how long at most
 * @returns whether that is so
 */
export async function cgroupEnds(
  name: string,
  seconds: number,
): Promise<boolean> {
  const end = performance.now() + seconds * 1000
  while (members(name).length > 0) {
    if (performance.now() > end) return false
    await sleep(100)
  }
  return true
}

/**
 * Removes a cgroup and those below it.
 *
 * @returns how many folders were removed
 */
export async function removeCgroup(name: string): Promise<number> {
  let removed = 0
  for (const folder of findCgroup(name).flatMap(tree).reverse()) {
    removed += await removeFolder(folder)
  }
  return removed
}

/** Removes a cgroup that nothing is left in; otherwise leaves it alone. */
export function removeEmptyCgroup(name: string): void {
  for (const folder of findCgroup(name)) {
    if (tree(folder).length === 1) rmdirSync(folder)
  }
}

/**
 * Reads the hierarchies out of the text of /proc/mounts.
 *
 * @example
 * parseHierarchies('cgroup2 /sys/fs/cgroup cgroup2 rw 0 0')
 * // [{ path: '/sys/fs/cgroup', version: 2, controllers: [] }]
 */
export function parseHierarchies(mounts: string): Hierarchy[] {
  const found = new Map<string, Hierarchy>()
  for (const line of mounts.split('\n')) {
    const [, path = '', type, options = ''] = line.split(' ')
    if (!path.startsWith('/sys/fs/cgroup')) continue
    if (type === 'cgroup2')
      found.set(path, { path, version: 2, controllers: [] })
    if (type === 'cgroup') {
      found.set(path, { path, version: 1, controllers: options.split(',') })
    }
  }
  return [...found.values()]
}

/** The hierarchies of this host. */
export function hierarchies(): Hierarchy[] {
  return parseHierarchies(read('/proc/mounts'))
}

// On v2 a child has only those controllers that its parent passes on.
async function passOn({ version }: Hierarchy, path: string): Promise<void> {
  if (version === 1) return
  const names = (file: string) => read(join(path, file)).split(/\s+/)
  const on = names('cgroup.subtree_control')
  const missing = names('cgroup.controllers').filter(
    (name) => name && !on.includes(name),
  )
  for (const name of missing) {
    await writeFile(join(path, 'cgroup.subtree_control'), `+${name}`).catch(
      // Some controllers refuse, such as cpu beside real-time processes.
      () => undefined,
    )
  }
}

// On v1 a new cpuset has no CPU and no memory node, so nothing could join it.
async function inherit(path: string): Promise<void> {
  await writeFile(join(path, 'cgroup.clone_children'), '1')
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    if (read(join(path, file)).trim()) continue
    await writeFile(join(path, file), read(join(path, '..', file)))
  }
}

// A folder and all below it, parents first.
function tree(folder: string): string[] {
  const children = (() => {
    try {
      return readdirSync(folder, { withFileTypes: true })
    } catch {
      return []
    }
  })()
  const folders = children.filter((child) => child.isDirectory())
  return [folder, ...folders.flatMap(({ name }) => tree(join(folder, name)))]
}

async function removeFolder(folder: string): Promise<number> {
  for (let attempt = 0; ; attempt++) {
    try {
      rmdirSync(folder)
      return 1
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT') return 0
      // The kernel needs a moment after the last process has gone.
      if (code !== 'EBUSY' || attempt > 100) throw error
      await sleep(20)
    }
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function stuck(name: string, pids: number[]) {
  const shown = pids.slice(0, 5).map((pid) => {
    const state = /State:\s+(.*)/.exec(read(`/proc/${pid}/status`))?.[1]
    return `${pid} ${read(`/proc/${pid}/comm`).trim()} ${state ?? ''}`
  })
  return new GuideError(
    `Processes of cgroup ${name} do not end:\n  ${shown.join('\n  ')}`,
    ['a process in state D waits for a disk or for the network: see dmesg'],
  )
}
