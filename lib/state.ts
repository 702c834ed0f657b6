import { randomUUID } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import type { Cluster } from './cluster.ts'
import { GuideError } from './errors.ts'
import { quote } from './shell.ts'

/** How far a step has come, and on which machines. */
export interface StepRecord {
  status: 'started' | 'applied'
  machines: string[]
  /** Those of them that were control planes; older records do not say. */
  controlPlanes?: string[]
}

/**
 * The state folder of a cluster: what was made by chance or at a price, and
 * can be made only once. Readable by its owner alone.
 */
export interface State {
  directory: string
  /** Name and random identity; machines remember whose they are by it. */
  identity: string
  /** Text of a file, or undefined. */
  read(name: string): string | undefined
  /** Writes a file with mode 0600, in one go. */
  write(name: string, content: string): void
  /** Removes a file, or a folder with all it holds. */
  remove(name: string): void
  /** What each step, by number, has done. */
  steps(): Record<string, StepRecord>
  /** Notes where a step was applied; undefined forgets it. */
  recordStep(number: string, record: StepRecord | undefined): void
}

/**
 * Opens the state folder of a cluster.
 *
 * @param create false leaves an absent folder absent: for `--plan`
 * @throws {GuideError} when the folder belongs to another cluster
 * @example
 * const state = openState(cluster)
 */
export function openState(cluster: Cluster, create = true): State {
  const { directory, name } = cluster
  const path = (file: string) => join(directory, file)
  const read = (file: string) =>
    existsSync(path(file)) ? readFileSync(path(file), 'utf8') : undefined
  const write = (file: string, content: string) => {
    mkdirSync(dirname(path(file)), { recursive: true, mode: 0o700 })
    const toDisk = { mode: 0o600, flush: true }
    writeFileSync(path(`${file}.new`), content, toDisk)
    renameSync(path(`${file}.new`), path(file))
  }

  if (create && existsSync(directory)) chmodSync(directory, 0o700)
  const found = read('identity')?.trim()
  const identity = found || `${name} ${randomUUID()}`
  if (found && found.split(' ')[0] !== name) {
    throw new GuideError(
      `The state folder ${directory} belongs to the cluster ` +
        `${found.split(' ')[0]}, not to ${name}`,
      [
        'each cluster has a folder of its own; put the right one there, or ' +
          `correct \`name\` in ${cluster.file}`,
      ],
    )
  }
  if (!found && create) write('identity', `${identity}\n`)

  const steps = () => {
    try {
      return JSON.parse(read('steps.json') ?? '{}')
    } catch (cause) {
      throw new GuideError(
        `${path('steps.json')} says which steps were applied, and is not JSON`,
        [
          'forget it and apply the steps again; what is right already stays ' +
            `as it is: rm ${quote(path('steps.json'))}`,
        ],
        cause,
      )
    }
  }
  return {
    directory,
    identity,
    read,
    write,
    remove: (file) => {
      // A write that was cut short may have left a secret beside it.
      rmSync(path(`${file}.new`), { force: true })
      rmSync(path(file), { recursive: true, force: true })
    },
    steps,
    recordStep: (number, record) => {
      const all = { ...steps(), [number]: record }
      write('steps.json', `${JSON.stringify(all, null, 2)}\n`)
    },
  }
}
