import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { constants } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { execa } from 'execa'
import { clusterFileFromArguments } from './cluster.ts'
import { GuideError } from './errors.ts'
import { underOurLock } from './lock.ts'
import { cacheDirectory } from './paths.ts'
import type { Summary } from './report.ts'
import type { State } from './state.ts'

/** One file of `steps/`. */
export interface StepFile {
  /** Two digits: `05`. */
  number: string
  /** What follows the number: `etcd`, `api-balancer`. */
  name: string
  /** Absolute path. */
  file: string
}

/** The folder of the steps that ship with the guide. */
export const stepsFolder = resolve(import.meta.dirname, '..', 'steps')

/**
 * The steps, in their order.
 *
 * @param folder default the guide's own
 * @example
 * stepFiles().map(({ number }) => number) // ['01', '02', …]
 */
export function stepFiles(folder = stepsFolder): StepFile[] {
  return readdirSync(folder)
    .sort()
    .flatMap((entry) => {
      const [, number, name] = entry.match(/^(\d\d)-([\w-]+)\.ts$/) ?? []
      if (!number || !name) return []
      return [{ number, name, file: join(folder, entry) }]
    })
}

/** How the run of one step ended. */
export interface StepRun {
  /** What the step told at its end; absent when it did not get there. */
  summary?: Summary
  /** 0 only when all is well. */
  exitCode: number
  /** From the word to go until its end. */
  milliseconds: number
  /** The last lines that it printed, at most 200. */
  output: string[]
}

export interface StepOptions {
  /** The cluster, as an absolute path. */
  clusterFile: string
  /** Told every line that the step prints. */
  onLine?: (line: string) => void
  /** Interrupts the step, as Ctrl-C does. */
  signal?: AbortSignal
}

/** A process that has loaded a step and waits for the word to go. */
export interface WaitingStep {
  /** Lets it begin, and waits for its end. */
  run(): Promise<StepRun>
  /** Ends it, when it is not to run after all. */
  abandon(): void
}

/**
 * Starts a process for a step and has it wait before the step's first line.
 *
 * @param file absolute path of the step
 * @param flags such as `--verify`
 * @example
 * const next = startStep(step.file, [], { clusterFile })
 * const { summary } = await next.run()
 */
export function startStep(
  file: string,
  flags: readonly string[],
  { clusterFile, onLine, signal }: StepOptions,
): WaitingStep {
  const ahead = join(import.meta.dirname, 'under-runner.ts')
  const command = [
    ...[process.execPath, '--import', ahead, file],
    ...[...flags, '--cluster', clusterFile],
  ]
  const output: string[] = []
  // One pipe for both streams keeps their lines in order. A session of its
  // own keeps Ctrl-C from the step's ssh processes: the step is told, by
  // us, and still needs them to put things back.
  const child = execa('sh', ['-c', 'exec "$@" 2>&1', 'step', ...command], {
    stdin: 'ignore',
    stderr: 'ignore',
    ipc: true,
    buffer: { stdout: false, stderr: false, ipc: true },
    detached: true,
    reject: false,
    env: { NODE_COMPILE_CACHE: compileCache(), ...underOurLock() },
  })
  const lines = createInterface({ input: child.stdout })
  lines.on('line', (line) => {
    output.push(line)
    if (output.length > 200) output.shift()
    onLine?.(line)
  })
  const interrupt = () => child.kill('SIGINT')
  const abandon = () => child.kill('SIGTERM')
  process.once('exit', abandon)
  const ended = Promise.all([child, once(lines, 'close')]).finally(() =>
    process.off('exit', abandon),
  )

  return {
    abandon,
    async run() {
      const started = performance.now()
      signal?.addEventListener('abort', interrupt)
      if (signal?.aborted) interrupt()
      try {
        await child.sendMessage('go')
      } catch {
        // It has ended already, and says why below.
      }
      const [{ exitCode, signal: killer, ipcOutput }] = await ended
      signal?.removeEventListener('abort', interrupt)
      const milliseconds = performance.now() - started
      const summary = ipcOutput.at(-1) as unknown as Summary | undefined
      const killed = killer ? 128 + constants.signals[killer] : 1
      const code = exitCode ?? killed
      if (killer) output.push(`the process of this step ended by ${killer}`)
      if (code !== 0 || summary) {
        return {
          ...(summary && { summary }),
          ...{ exitCode: code, milliseconds, output },
        }
      }
      output.push('the step ended in the middle, and did not say why')
      return { exitCode: 1, milliseconds, output }
    },
  }
}

/**
 * Runs a step in a process of its own, under the lock of this process.
 *
 * @param file absolute path of the step
 * @param flags such as `--undo`; `--cluster` is added
 * @example
 * const { exitCode } = await runStep(step.file, ['--verify'], { clusterFile })
 */
export function runStep(
  file: string,
  flags: readonly string[],
  options: StepOptions,
): Promise<StepRun> {
  return startStep(file, flags, options).run()
}

/**
 * The steps above a number that stand: begun or applied, and not undone.
 *
 * @returns their numbers, highest first, the order in which to undo them
 * @example
 * standingAbove(state, '05') // ['07', '06']
 */
export function standingAbove(
  state: Pick<State, 'steps'>,
  number: string,
): string[] {
  return Object.keys(state.steps())
    .filter((other) => other > number)
    .sort()
    .reverse()
}

/**
 * Sees to it that no later step stands on one that is about to be undone.
 *
 * @param number of the step that will be undone
 * @param options.cascade undo the later ones; default is to refuse
 * @param options.forget with keys and data
 * @param options.argv arguments of the step, which select the cluster
 * @param options.folder of the steps; default the guide's own
 * @throws {GuideError} naming the later steps, or the one that could not be
 * undone
 * @example
 * await undoLaterSteps(state, '05', { cascade: true, forget: false, argv })
 */
export async function undoLaterSteps(
  state: Pick<State, 'steps'>,
  number: string,
  options: {
    cascade: boolean
    forget: boolean
    argv: readonly string[]
    folder?: string
  },
): Promise<void> {
  const { cascade, forget, argv, folder } = options
  const later = standingAbove(state, number)
  if (later.length === 0) return
  if (!cascade) throw stillStanding(number, later, forget)

  const all = stepFiles(folder)
  const clusterFile = clusterFileFromArguments(argv, process.env)
  const flags = ['--undo', ...(forget ? ['--forget'] : [])]
  for (const standing of later) {
    const step = all.find((it) => it.number === standing)
    if (!step) throw unknownStep(standing)
    const onLine = (line: string) => console.log(line)
    const { exitCode } = await runStep(step.file, flags, {
      ...{ clusterFile, onLine },
    })
    if (exitCode === 0) continue
    throw new GuideError(
      `${number} was not undone: ${standing}, which stands on it, could not be`,
      ['mend what is said above, then run the same command again'],
    )
  }
}

/**
 * The error for undoing a step while later ones stand.
 *
 * @example
 * throw stillStanding('05', ['06', '07'])
 */
export function stillStanding(
  number: string,
  later: readonly string[],
  forget = false,
): GuideError {
  return new GuideError(
    `${number} cannot be undone while later steps stand: ${later.join(', ')}`,
    [
      'undo these too, highest first: npm run steps -- --undo ' +
        `--from ${number} --cascade${forget ? ' --forget' : ''}`,
    ],
  )
}

function unknownStep(number: string): GuideError {
  return new GuideError(
    `${number} stands and cannot be undone: this guide has no such step`,
    ['undo it with the version of the guide that it was applied with'],
  )
}

// Modules are compiled once, not by each of the fourteen processes.
function compileCache(): string {
  return (
    process.env.NODE_COMPILE_CACHE ?? join(cacheDirectory(), 'compile-cache')
  )
}
