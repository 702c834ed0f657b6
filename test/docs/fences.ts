import { type Page, partsOf, typedOn } from '../../commands/docs/pages.ts'
import { at } from './at.ts'

const kinds = [
  /^sh \[(here|ci|undo|drill|not tested by CI|on [\w-]+)\]$/,
  /^text$/,
]

/** What pages may rely on. */
export interface Ground {
  /** Names of the machines of the default cluster. */
  machines: readonly string[]
  /** Text of `.ci/run`. */
  ci: string
  /** File names of the steps, without extension. */
  steps: readonly string[]
}

/** Fenced blocks that nothing runs and that do not say so. */
export function wrongFences(page: Page, ground: Ground): string[] {
  const { fences } = partsOf(page)
  return fences.flatMap(({ info, text, line }) => {
    const where = at(page, line)
    if (!kinds.some((kind) => kind.test(info))) {
      return [
        `${where}: a block is \`sh [here]\`, \`sh [on NAME]\`, \`sh [ci]\`, ` +
          '`sh [undo]`, `sh [drill]`, `sh [not tested by CI]` or `text`; code is quoted ' +
          `by <<<; found \`${info}\``,
      ]
    }
    if (text.trim() === '') return [`${where}: the block is empty`]
    const [, machine] = /\[on ([\w-]+)\]/.exec(info) ?? []
    if (machine && !ground.machines.includes(machine)) {
      const names = ground.machines.join(', ')
      return [`${where}: cluster.yaml has no ${machine}, only ${names}`]
    }
    const refuse = {
      'sh [ci]': notInCi,
      'sh [undo]': noUndo,
      'sh [drill]': noDrill,
    }[info]
    return commandsOf(text).flatMap((command) => {
      const why = refuse?.(command, ground)
      return why ? [`${where}: ${command}: ${why}`] : []
    })
  })
}

/** The same command at two places: its output is recorded by its text. */
export function ambiguousBlocks(page: Page): string[] {
  const seen = new Map<string, string | undefined>()
  return typedOn(page).flatMap(({ text, line, machine }) => {
    const known = seen.has(text) && seen.get(text) !== machine
    seen.set(text, machine)
    if (!known) return []
    return [`${at(page, line)}: the same block is typed elsewhere on the page`]
  })
}

function notInCi(command: string, { ci }: Ground): string | undefined {
  const lines = ci.split('\n').map((line) => `${line.trim()} `)
  if (lines.some((line) => line.startsWith(`${command} `))) return undefined
  return 'no line of .ci/run begins with it'
}

function noUndo(command: string, { steps }: Ground): string | undefined {
  const one = /^npx zx steps\/([\w-]+)\.ts --undo( --cascade)?( --forget)?$/
  const range =
    /^npm run steps -- --undo --from \d\d( --to \d\d)?( --cascade)?( --forget)?$/
  const [, step] = one.exec(command) ?? []
  if (step) {
    return steps.includes(step) ? undefined : `there is no step ${step}`
  }
  if (range.test(command)) return undefined
  return 'the end to end runs only the --undo of a step, or of a range'
}

function noDrill(command: string, { steps }: Ground): string | undefined {
  const [, step] = /^npx zx steps\/([\w-]+)\.ts --drill$/.exec(command) ?? []
  if (step && steps.includes(step)) return undefined
  return 'the end to end runs only the --drill of a step'
}

/** The commands of a block, without comments and blank lines. */
export function commandsOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.replace(/\s+#.*$/, '').trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
}
