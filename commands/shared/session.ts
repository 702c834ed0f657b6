import { mkdirSync } from 'node:fs'
import type { Cluster } from '../../lib/cluster.ts'
import { takeLock } from '../../lib/lock.ts'
import { interruption } from './interrupt.ts'
import { type Log, openLog } from './log.ts'
import { type Screen, screenOn } from './screen.ts'

/** What a run has from its beginning to its end. */
export interface Session {
  screen: Screen
  log: Log
  /** Aborted by Ctrl-C. */
  signal: AbortSignal
}

/**
 * Begins a run on a cluster: the log, Ctrl-C, and the lock for one that
 * changes something. The lock ends with the process.
 *
 * @throws {GuideError} with who holds the lock
 */
export function beginSession(
  { directory }: Pick<Cluster, 'directory'>,
  { changes }: { changes: boolean },
): Session {
  if (changes) holdLock(directory)
  return {
    screen: screenOn(process.stdout),
    log: openLog(directory),
    signal: interruption(),
  }
}

/**
 * Takes the lock of a cluster for as long as this process lives.
 *
 * @throws {GuideError} with who holds it
 */
export function holdLock(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  process.once('exit', takeLock(directory))
}
