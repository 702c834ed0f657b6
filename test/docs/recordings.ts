import { z } from 'zod'
import type { RecordedFaults } from '../../commands/docs/faults.ts'
import { type Page, typedOn } from '../../commands/docs/pages.ts'
import type { RecordedPages, Recording } from '../../commands/docs/recorded.ts'
import type { RecordedVirtual } from '../../commands/docs/virtual.ts'
import { at } from './at.ts'

const again = 'record it again: npm run docs:record'
const againByHand = 'record it again: KFS_RECORD=1 npm run test:vm'

const lines = z.array(z.string())
const figure = z.number().int().nonnegative()
const filled = lines.min(1)
const commands = z.record(z.string(), lines)
const date = z.iso.date()
const commit = z.string().regex(/^[0-9a-f]{7,40}(-dirty)?$/)
const sha256 = z.string().regex(/^[0-9a-f]{64}$/)

const recording: z.ZodType<Recording> = z.strictObject({
  step: z.string().regex(/^\d\d$/),
  sources: z.record(z.string(), sha256),
  recordedAt: date,
  commit,
  machines: z.string().min(1),
  topology: z.string().min(1),
  versions: z.record(z.string(), z.string()),
  milliseconds: figure.min(1),
  memoryBytes: figure,
  diskBytes: figure,
  plan: filled,
  apply: filled,
  verify: filled,
  undo: filled,
  commands,
})

const recordedPages: z.ZodType<RecordedPages> = z.strictObject({
  recordedAt: date,
  commit,
  pages: z.record(z.string(), commands),
})

const someFaults = z
  .array(
    z.strictObject({
      fault: z.string().min(1),
      seen: z.string().min(1),
      seconds: z.number().positive(),
      longestGapSeconds: z.number().positive(),
      acknowledged: figure.min(1),
      lost: z.literal(0),
    }),
  )
  .min(1)

const recordedFaults: z.ZodType<RecordedFaults> = z.strictObject({
  recordedAt: date,
  commit,
  machines: z.string().min(1),
  topology: z.string().min(1),
  versions: z.record(z.string(), z.string()),
  faults: someFaults,
})

const recordedVirtual: z.ZodType<RecordedVirtual> = z.strictObject({
  recordedAt: date,
  commit,
  machines: z.literal('vm'),
  topology: z.string().min(1),
  versions: z.record(z.string(), z.string()),
  system: z.string().min(1),
  kernel: z.string().min(1),
  processor: z.enum(['KVM', 'emulation']),
  slower: z.number().min(1),
  faults: someFaults,
  sources: z.record(z.string(), sha256),
})

const schemas: Record<string, z.ZodType<unknown>> = {
  pages: recordedPages,
  faults: recordedFaults,
  vm: recordedVirtual,
}

/** Fields that a recording lacks, or has and should not. */
export function wrongShape(name: string, recorded: unknown): string[] {
  const { error } = (schemas[name] ?? recording).safeParse(recorded)
  return (error?.issues ?? []).map(
    ({ path, message }) =>
      `docs/recorded/${name}.json: ${path.join('.')}: ${message}`,
  )
}

/**
 * Whether what was recorded is still what the steps are.
 *
 * @param name of the recording: the number of a step, or `vm`
 * @param sources the files that were run as they are now, and their sha256
 */
export function outdated(
  name: string,
  sources: Readonly<Record<string, string>>,
  recorded: Pick<Recording, 'sources'> | undefined,
): string[] {
  const remedy = name === 'vm' ? againByHand : again
  if (!recorded) return [`docs/recorded/${name}.json is missing; ${remedy}`]
  const paths = new Set([
    ...Object.keys(sources),
    ...Object.keys(recorded.sources),
  ])
  return [...paths]
    .filter((path) => sources[path] !== recorded.sources[path])
    .map((path) => `${path} is not what was recorded; ${remedy}`)
}

/** Blocks whose output a page would show, if only it were recorded. */
export function unrecorded(
  page: Page,
  recordings: readonly Recording[],
  others: RecordedPages | undefined,
): string[] {
  const recorded = page.step
    ? recordings.find(({ step }) => step === page.step)?.commands
    : others?.pages[page.path]
  return typedOn(page)
    .filter(({ text }) => recorded?.[text] === undefined)
    .map(({ line }) => `${at(page, line)}: no output is recorded; ${again}`)
}

/**
 * Paragraphs, and rows of tables, that name what is run by hand on virtual
 * machines, and leave a reader to think that CI does it.
 */
export function unsaidByHand(page: Page): string[] {
  const parts = page.text.split(/\n\n|\n(?=\|)/)
  return parts
    .map((part) => part.replace(/\s+/g, ' '))
    .filter((part) => part.includes('test:vm'))
    .filter((part) => !part.includes('not tested by CI'))
    .map((part) => `${at(page)}: say that this is not tested by CI: ${part}`)
}
