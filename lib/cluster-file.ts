import { relative, resolve } from 'node:path'
import type { z } from 'zod'
import { closest } from './closest.ts'
import {
  brokenCreationRules,
  brokenRules,
  changedMembers,
  type Running,
} from './cluster-rules.ts'
import {
  type ClusterFile,
  clusterSchema,
  type SoundParts,
} from './cluster-schema.ts'
import { GuideError } from './errors.ts'
import { type Finding, type Mistake, readYamlFile, show } from './yaml-file.ts'

// A screen or two: more than that has one cause.
const mostLines = 60

/** Everything that is wrong in a cluster file, in the order of the file. */
export class ClusterFileError extends GuideError {
  override name = 'ClusterFileError'
  readonly file: string
  readonly mistakes: readonly Mistake[]

  constructor(file: string, mistakes: readonly Mistake[]) {
    const lines = mistakes.map((mistake) => describe(file, mistake))
    const more = lines.splice(mostLines).length
    if (more) lines.push(`and ${more} more mistakes`)
    super(lines.join('\n'), [
      'mend this and run the same command again; nothing was changed',
    ])
    this.file = file
    this.mistakes = mistakes
  }
}

/**
 * Reads a cluster file and checks its YAML, its shape and its rules.
 *
 * @param file path of the file
 * @returns the file as written, with the defaults of the schema
 * @throws ClusterFileError with all mistakes at once
 * @example
 * readClusterFile('cluster.yaml').networks.pods // '10.20.0.0/16'
 */
export function readClusterFile(file: string): ClusterFile {
  const { mistakes, data, locate } = readYamlFile(file)
  if (data === undefined) throw new ClusterFileError(file, mistakes)
  const parsed = clusterSchema.safeParse(data, { reportInput: true })
  const shape = parsed.success ? [] : parsed.error.issues.flatMap(findings)
  const sound = without(data, shape)
  const broken = brokenRules(sound)
  const all = [...mistakes, ...[...shape, ...broken].map(locate)]
  if (all.length || !parsed.success) {
    throw new ClusterFileError(file, all.toSorted(byPlace))
  }
  return parsed.data
}

/**
 * Refuses what no new cluster should start with, while a running one may
 * pass through it: an even number of etcd members. Call it before the first
 * member starts.
 *
 * @param file path of the file
 * @throws ClusterFileError
 * @example
 * if (!state.steps()['05']) assertCreatable(cluster.file)
 */
export function assertCreatable(file: string): void {
  refuse(file, brokenCreationRules(readClusterFile(file)))
}

/**
 * Refuses control planes other than those that the members of etcd were
 * started on.
 *
 * @param file path of the file
 * @param running what the step that started them has recorded
 * @throws ClusterFileError
 * @example
 * assertSameMembers(cluster.file, state.steps()['05'])
 */
export function assertSameMembers(file: string, running: Running): void {
  refuse(file, changedMembers(readClusterFile(file), running))
}

function refuse(file: string, broken: readonly Finding[]): void {
  if (broken.length === 0) return
  const { locate } = readYamlFile(file)
  throw new ClusterFileError(file, broken.map(locate))
}

function describe(file: string, mistake: Mistake): string {
  const short = relative(process.cwd(), resolve(file))
  const name = short.startsWith('..') ? resolve(file) : short
  const place = mistake.line ? `:${mistake.line}:${mistake.column}` : ''
  const path = mistake.path ? ` ${mistake.path}:` : ''
  const { found, allowed } = mistake
  return `${name}${place}:${path} found ${found}, allowed: ${allowed}`
}

function byPlace(one: Mistake, other: Mistake): number {
  return one.line - other.line || one.column - other.column
}

/** Says an issue of zod in our words; its message is what is allowed. */
function findings(issue: z.core.$ZodIssue): Finding[] {
  const path = issue.path.map((step) =>
    typeof step === 'number' ? step : String(step),
  )
  const allowed = issue.message
  if (issue.code === 'unrecognized_keys') {
    const known = allowed.replace(/^a mapping with /, '').split(', ')
    return issue.keys.map((key) => ({
      path: [...path, key],
      key: true,
      found: `the unknown field ${show(key)}`,
      allowed: `${known.join(', ')}${guess(key, known)}`,
    }))
  }
  if (issue.code === 'invalid_key') {
    const message = issue.issues[0]?.message ?? allowed
    const found = `the field ${show(path.at(-1))}`
    return [{ path, key: true, found, allowed: message }]
  }
  if (issue.code === 'invalid_value' && typeof issue.input === 'string') {
    const known = allowed.split(', ')
    return [{ path, allowed: `${allowed}${guess(issue.input, known)}` }]
  }
  return [{ path, allowed }]
}

function guess(word: string, known: readonly string[]): string {
  const near = known.length > 1 && closest(word, known)
  return near ? ` (did you mean ${near}?)` : ''
}

/** A copy in which everything that has the wrong shape is undefined. */
function without(data: unknown, shape: readonly Finding[]) {
  const paths = new Set(shape.map(({ path }) => JSON.stringify(path)))
  const copy = (value: unknown, path: Finding['path']): unknown => {
    if (paths.has(JSON.stringify(path))) return undefined
    if (Array.isArray(value)) {
      return value.map((item, index) => copy(item, [...path, index]))
    }
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [
        key,
        copy(item, [...path, key]),
      ]),
    )
  }
  return (copy(data, []) ?? {}) as SoundParts
}
