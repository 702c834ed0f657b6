import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { GuideError } from './errors.ts'
import { startOf } from './process.ts'
import { quote } from './shell.ts'

interface Holder {
  pid: number
  /** Start of the process, in clock ticks since boot: pids are used again. */
  started: string
  host: string
  command: string
  since: string
}

// The runner holds the lock for the steps that it starts.
const heldByRunner = 'KFS_LOCK_HOLDER'

/**
 * Takes the lock of a cluster, so that two runs cannot change it at once. It
 * ends with the process, even with a killed one: a lock whose holder is gone
 * is taken over.
 *
 * @param directory the cluster's state folder
 * @returns a function that gives the lock back
 * @throws {GuideError} with who holds the lock
 * @example
 * const release = takeLock(cluster.directory)
 */
export function takeLock(directory: string): () => void {
  const file = join(directory, 'lock')
  const holder = readHolder(file)
  if (holder && process.env[heldByRunner] === String(holder.pid)) {
    return () => undefined
  }
  const mine: Holder = {
    pid: process.pid,
    started: startOf(process.pid) ?? '',
    host: hostname(),
    command: process.argv.slice(1).join(' '),
    since: new Date().toISOString(),
  }
  // Put into place when it is complete: nobody ever reads half a lock.
  const complete = `${file}.${process.pid}`
  // A killed process of the same number may have left it, as a second name of
  // the lock: writing into it would make that lock ours, and alive.
  rmSync(complete, { force: true })
  writeFileSync(complete, JSON.stringify(mine), { mode: 0o600 })
  try {
    const winner = acquire(file, complete)
    if (winner) throw heldError(file, winner)
  } finally {
    rmSync(complete, { force: true })
  }
  return () => rmSync(file, { force: true })
}

/**
 * Environment for a child that works under the lock of this process.
 *
 * @example
 * spawn('node', [step], { env: { ...process.env, ...underOurLock() } })
 */
export function underOurLock(): Record<string, string> {
  return { [heldByRunner]: String(process.pid) }
}

// Returns who else holds it, or undefined when it is ours.
function acquire(file: string, complete: string): Holder | undefined {
  try {
    linkSync(complete, file)
    return undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const holder = readHolder(file)
  if (!holder) return acquire(file, complete)
  if (isAlive(holder)) return holder
  // Of several that find a dead holder, the one that gets the lock on its
  // place may remove it, if that has not been done meanwhile.
  const place = `${file}-after-${holder.pid}-${holder.started}`
  const winner = acquire(place, complete)
  if (winner) return winner
  try {
    const now = readHolder(file)
    if (now?.pid === holder.pid && now.started === holder.started) rmSync(file)
    return acquire(file, complete)
  } finally {
    rmSync(place, { force: true })
  }
}

// Undefined when there is none. A file that says nothing, after a power cut,
// has no holder that could be alive.
function readHolder(file: string): Holder | undefined {
  const who = { pid: 0, started: '', host: hostname() }
  const nobody = { ...who, command: '', since: '' }
  try {
    return { ...nobody, ...JSON.parse(readFileSync(file, 'utf8')) }
  } catch (error) {
    if (error instanceof SyntaxError) return nobody
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function isAlive({ pid, started, host }: Holder): boolean {
  // A state folder on a shared disk: we cannot see another host's processes.
  if (host !== hostname()) return true
  return startOf(pid) === started
}

function heldError(file: string, { pid, host, command, since }: Holder) {
  return new GuideError(
    `Another run is changing this cluster: process ${pid} on ${host}, ` +
      `since ${since}\n  ${command}`,
    [
      'wait until it has finished, then run the same command again',
      `if it runs on a host that is gone for good: rm ${quote(file)}`,
    ],
  )
}
