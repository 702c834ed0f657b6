import { appendFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/** A file with all that the steps of one run have printed. */
export interface Log {
  readonly file: string
  write(line: string): void
}

const kept = 20

/**
 * Begins a log in the cluster's state folder and removes all but the newest
 * twenty.
 *
 * @param directory the cluster's state folder
 * @example
 * openLog(cluster.directory).write('05 etcd')
 */
export function openLog(directory: string, now = new Date()): Log {
  const folder = join(directory, 'logs')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const time = now.toISOString().slice(0, 19).replaceAll(':', '-')
  const file = join(folder, `${time}.log`)
  const write = (line: string) =>
    appendFileSync(file, `${line}\n`, { mode: 0o600 })
  write(`# ${process.argv.slice(1).join(' ')}`)
  const logs = readdirSync(folder).filter((name) => name.endsWith('.log'))
  for (const old of logs.sort().slice(0, -kept)) {
    rmSync(join(folder, old), { force: true })
  }
  return { file, write }
}
