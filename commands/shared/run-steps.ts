import type { Verb } from '../../lib/arguments.ts'
import { GuideError } from '../../lib/errors.ts'
import { type Summary, seconds } from '../../lib/report.ts'
import {
  type StepFile,
  type StepRun,
  startStep,
  type WaitingStep,
} from '../../lib/steps.ts'
import { Interrupted } from './interrupt.ts'
import type { Session } from './session.ts'

/** Which steps to run, and how. */
export interface Order {
  clusterFile: string
  verb: Verb
  /** In the order in which to run them. */
  steps: readonly StepFile[]
  /** Flags for each step, such as `--undo` and `--forget`. */
  flags: readonly string[]
  /** Print all that the steps print. */
  verbose: boolean
  /** The command that goes on when this step has failed. */
  resume(step: StepFile): string
}

/** One step, and how its run went. */
export interface Done {
  step: StepFile
  run: StepRun & { summary: Summary }
}

/**
 * Runs steps one after the other, each in a process of its own, and prints a
 * line for each. The process of the next step is started while one runs, and
 * waits: see `lib/under-runner.ts`.
 *
 * @returns all steps; they all went well
 * @throws {GuideError} when one failed: what it said, where the log is, and
 * how to go on
 * @throws {Interrupted} after Ctrl-C
 */
export async function runSteps(order: Order, session: Session) {
  const { steps, clusterFile, flags } = order
  const { signal } = session
  const ready = (step: StepFile | undefined) => {
    if (!step) return undefined
    const onLine = (line: string) => tell(line)
    return startStep(step.file, flags, { clusterFile, signal, onLine })
  }
  const started = performance.now()
  const done: Done[] = []
  let tell: (line: string) => void = () => undefined
  let next: WaitingStep | undefined
  try {
    for (const [at, step] of steps.entries()) {
      if (signal.aborted) throw interruptedAt(step, order)
      const current = next ?? ready(step)
      next = ready(steps[at + 1])
      const watched = watch(step, order, session)
      tell = watched.line
      const run = await (current as WaitingStep).run().finally(watched.end)
      done.push({ step, run: judge(step, run, order, session) })
    }
  } finally {
    next?.abandon()
  }
  const milliseconds = performance.now() - started
  return { done, milliseconds, total: totalOf(done) }
}

// Each line goes to the log; on a terminal the last one is shown as well.
function watch(step: StepFile, { verbose }: Order, session: Session) {
  const { screen, log, signal } = session
  const started = performance.now()
  let last = ''
  const draw = () => {
    const time = Math.floor((performance.now() - started) / 1000)
    screen.show(`… ${titleOf(step)}  ${time} s  ${last}`)
  }
  const timer = screen.live ? setInterval(draw, 200) : undefined
  const wait = () =>
    screen.print(`interrupted: ${titleOf(step)} is coming to its end …`)
  signal.addEventListener('abort', wait)
  log.write(`\n## ${titleOf(step)}  ${new Date().toISOString()}`)
  if (screen.live) draw()
  return {
    line(line: string) {
      log.write(line)
      last = line.trim()
      // Whatever asks for attention is shown even when all goes well.
      if (verbose || isNotice(line)) screen.print(line)
    },
    end() {
      clearInterval(timer)
      signal.removeEventListener('abort', wait)
      screen.show('')
    },
  }
}

function judge(
  step: StepFile,
  run: StepRun,
  order: Order,
  { screen, log, signal }: Session,
): Done['run'] {
  const { exitCode, summary, milliseconds, output } = run
  const width = Math.max(...order.steps.map((it) => titleOf(it).length))
  const title = titleOf(step).padEnd(width)
  const time = seconds(milliseconds).padStart(7)
  const all = exitCode === 0 && summary
  const result = summary ? `  ${resultOf(order.verb, summary)}` : ''
  screen.print(`${all ? '✓' : '✗'} ${title}  ${time}${result}`)
  log.write(`exit code ${exitCode}  ${seconds(milliseconds)}${result}`)
  if (all) return { ...run, summary }
  if (signal.aborted) throw interruptedAt(step, order)
  const said = order.verbose ? [] : worthSaying(output)
  throw new GuideError([...said, `Step ${titleOf(step)} failed`].join('\n'), [
    `all that it said: ${log.file}`,
    `to go on from here: ${order.resume(step)}`,
  ])
}

function interruptedAt(step: StepFile, order: Order) {
  return new Interrupted(`Interrupted at step ${titleOf(step)}`, [
    `to go on from here: ${order.resume(step)}`,
  ])
}

/** A step as people read it: `08 api balancer`. */
export function titleOf({ number, name }: StepFile): string {
  return `${number} ${name.replaceAll('-', ' ')}`
}

function isNotice(line: string): boolean {
  return /^\s*! |first contact/.test(line)
}

// Not the lines that say that something went well, nor the step's last line,
// which is in ours.
function worthSaying(output: readonly string[]): string[] {
  const good = /^ {2}[✓–] |^\d\d \w|FAILED {2}[\d.]+ s$/
  const rest = output.filter((line) => !good.test(line))
  const shown = rest.slice(0, 40)
  const more = rest.length - shown.length
  return more > 0 ? [...shown, `… and ${more} more lines`] : shown
}

/** Adds the figures of several steps up. */
export function totalOf(done: readonly Done[]): Summary {
  const total: Record<string, number> = {
    ...{ changes: 0, looked: 0, verified: 0, notApplicable: 0, failed: 0 },
  }
  for (const { run } of done) {
    for (const [name, value] of Object.entries(run.summary)) {
      total[name] = (total[name] ?? 0) + value
    }
  }
  return total as unknown as Summary
}

/**
 * What a run did, in words.
 *
 * @example
 * resultOf('apply', summary) // '12 changed, 3 verified'
 */
export function resultOf(verb: Verb, summary: Summary): string {
  const { changes, verified, notApplicable, failed } = summary
  const checks = [
    verified > 0 && `${verified} ${verb === 'drill' ? 'proven' : 'verified'}`,
    notApplicable > 0 && `${notApplicable} not applicable`,
    failed > 0 && `${failed} failed`,
  ].filter(Boolean)
  const changed = {
    apply: changes === 0 ? 'no changes' : `${changes} changed`,
    plan: changes === 0 ? 'nothing to change' : `${changes} to change`,
    undo: changes === 0 ? 'nothing to take back' : `${changes} taken back`,
    verify: checks.length === 0 && 'nothing to verify',
    drill: checks.length === 0 && 'no drills',
  }[verb]
  return [changed, ...checks].filter(Boolean).join(', ')
}
