import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { GuideError } from '../../lib/errors.ts'
import type { Results } from '../shared/bench-results.ts'
import type { RecordedFaults } from './faults.ts'
import type { RecordedVirtual } from './virtual.ts'

/** The checkout. */
export const repository = resolve(import.meta.dirname, '..', '..')

/** Where recordings lie. */
export const recordedFolder = join(repository, 'docs', 'recorded')

/** What shell blocks printed: their exact text, and the lines. */
export type Commands = Record<string, string[]>

/** One step, as it went on real machines: `docs/recorded/05.json`. */
export interface Recording {
  /** Two digits. */
  step: string
  /** The files that were run, by path in the checkout, and their sha256. */
  sources: Record<string, string>
  /** Such as `2026-11-23`. */
  recordedAt: string
  /** What was checked out; ends in `-dirty` when the code was changed. */
  commit: string
  /** Kind of the machines: `container`. */
  machines: string
  /** Such as `3 control planes, 2 workers`. */
  topology: string
  /** Of every component. */
  versions: Record<string, string>
  /** Applying the step and then verifying it, as a reader waits for it. */
  milliseconds: number
  /** What all machines together use more than before, see `measure.ts`. */
  memoryBytes: number
  diskBytes: number
  /** The beginning of what `--plan` said before the step was applied. */
  plan: string[]
  apply: string[]
  verify: string[]
  undo: string[]
  /** Of the shell blocks of the step's page. */
  commands: Commands
}

/** Shell blocks of pages that are no step: `docs/recorded/pages.json`. */
export interface RecordedPages {
  recordedAt: string
  commit: string
  /** By path below `docs/`, such as `guide/getting-started.md`. */
  pages: Record<string, Commands>
}

/**
 * A step's file and the modules below `steps/` that it imports, and those
 * that they import: what a recording is a recording of.
 *
 * @param file absolute path of the step
 * @returns paths in the checkout, the step first
 * @example
 * sourcesOf('/…/steps/14-smoke-test.ts')
 * // ['steps/14-smoke-test.ts', 'steps/smoke-test/trial.ts', …]
 */
export function sourcesOf(file: string, root = repository): string[] {
  const steps = join(root, 'steps')
  const found = [file]
  for (const source of found) {
    const text = readFileSync(source, 'utf8')
    for (const [, target = ''] of text.matchAll(
      /\b(?:from|import)\s*\(?\s*'(\.[^']+\.ts)'/g,
    )) {
      const module = resolve(dirname(source), target)
      if (module.startsWith(`${steps}/`) && !found.includes(module)) {
        found.push(module)
      }
    }
  }
  return found.map((source) => relative(root, source))
}

/** The sha256 of each file, by its path in the checkout. */
export function fingerprints(
  paths: readonly string[],
  root = repository,
): Record<string, string> {
  return Object.fromEntries(
    paths.map((path) => {
      const content = readFileSync(join(root, path))
      return [path, createHash('sha256').update(content).digest('hex')]
    }),
  )
}

/** The recording of a step, or undefined. */
export function readRecording(
  step: string,
  folder = recordedFolder,
): Recording | undefined {
  return readJson(join(folder, `${step}.json`)) as Recording | undefined
}

/** The recording of the other pages, or undefined. */
export function readRecordedPages(
  folder = recordedFolder,
): RecordedPages | undefined {
  return readJson(join(folder, 'pages.json')) as RecordedPages | undefined
}

/** Writes a recording, so that it can be committed. */
export function writeRecorded(
  folder: string,
  name: string,
  recorded:
    | Recording
    | RecordedPages
    | RecordedFaults
    | RecordedVirtual
    | Results,
): void {
  mkdirSync(folder, { recursive: true })
  const text = `${JSON.stringify(recorded, null, 2)}\n`
  writeFileSync(join(folder, `${name}.json`), text)
}

function readJson(file: string): unknown {
  if (!existsSync(file)) return undefined
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    const next = ['record it again: npm run docs:record']
    throw new GuideError(`${file} is not JSON`, next, cause)
  }
}
