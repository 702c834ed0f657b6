import { seconds } from '../../lib/report.ts'
import { table } from './table.ts'

/** Time of one step, and what it went into; see `lib/time-spent.ts`. */
export interface StepTime {
  title: string
  milliseconds: number
  transfer: number
  waiting: number
  machines: number
  api: number
}

/** One round of one way to a cluster. Times are milliseconds. */
export interface Round {
  /** Such as `1 + 2`: control planes and workers. */
  topology: string
  way: 'steps' | 'kubeadm'
  /** What was put into place before the clock, the same for both ways. */
  prepared: number
  /** The clock: from there until a pod has had an answer from DNS. */
  milliseconds: number
  /** Of our steps, those before the clock, too; `[]` for kubeadm. */
  steps: StepTime[]
  /** Of kubeadm. */
  init?: number
  joins?: number
  /** The last part: all nodes Ready, DNS answers. */
  usable: number
}

/** Workers added to a running cluster of one control plane and one worker. */
export interface Growth {
  workers: number
  milliseconds: number
}

/** From nothing but caches to a cluster of one machine. */
export interface Single {
  machine: number
  steps: number
  usable: number
}

/** All steps on new machines, and the same again with nothing to change. */
export interface Again {
  /** Whether each step's checks ran, too. */
  checked: boolean
  first: number
  second: number
}

/** All that a run of the benchmark has measured: `docs/recorded/bench.json`. */
export interface Results {
  recordedAt: string
  commit: string
  conditions: {
    processor: string
    cores: number
    memoryBytes: number
    kernel: string
    machines: string
  }
  versions: Record<string, string>
  rounds: Round[]
  growth: Growth[]
  single: Single[]
  again: Again[]
}

/**
 * The middle one of some figures; of an even number, halfway between two.
 *
 * @throws {RangeError} for none
 * @example
 * median([3, 1, 2]) // 2
 */
export function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle]
  if (upper === undefined) throw new RangeError('the median of nothing')
  if (sorted.length % 2 === 1) return upper
  return ((sorted[middle - 1] ?? upper) + upper) / 2
}

/** Medians of one topology. */
export interface Comparison {
  topology: string
  rounds: number
  steps: number
  kubeadm: number
  /** Ours in the time of kubeadm: below 1, ours is faster. */
  ratio: number
  /** Ours with all that was put into place before the clock. */
  whole: number
}

/**
 * Compares by medians. A topology that lacks one of the two is left out.
 *
 * @example
 * compare(results.rounds)[0]?.ratio
 */
export function compare(rounds: readonly Round[]): Comparison[] {
  const found: Comparison[] = []
  for (const [topology, all] of Map.groupBy(rounds, (it) => it.topology)) {
    const ours = all.filter(({ way }) => way === 'steps')
    const theirs = all.filter(({ way }) => way === 'kubeadm')
    if (ours.length === 0 || theirs.length === 0) continue
    const steps = median(ours.map((it) => it.milliseconds))
    const kubeadm = median(theirs.map((it) => it.milliseconds))
    const whole = median(ours.map((it) => it.prepared + it.milliseconds))
    found.push({
      ...{ topology, rounds: Math.min(ours.length, theirs.length) },
      ...{ steps, kubeadm, ratio: steps / kubeadm, whole },
    })
  }
  return found
}

/** The steps of all rounds of a topology, each with its medians. */
export function stepMedians(rounds: readonly Round[]): StepTime[] {
  const all = rounds.flatMap(({ steps }) => steps)
  const titles = new Set(all.map(({ title }) => title))
  return [...titles].sort().map((title) => {
    const same = all.filter((it) => it.title === title)
    const of = (name: Exclude<keyof StepTime, 'title'>) =>
      median(same.map((it) => it[name]))
    return {
      ...{ title, milliseconds: of('milliseconds') },
      ...{ transfer: of('transfer'), waiting: of('waiting') },
      ...{ machines: of('machines'), api: of('api') },
    }
  })
}

type Rows = string[][]

/** Rows of tables, the first one their heads; for a terminal and a page. */
export const rowsOf = {
  comparison: ({ rounds }: Results): Rows => [
    ['Machines', 'Rounds', 'Steps', 'Kubeadm', 'Ratio', 'Steps with all'],
    ...compare(rounds).map((it) => [
      ...[it.topology, String(it.rounds), seconds(it.steps)],
      ...[seconds(it.kubeadm), it.ratio.toFixed(2), seconds(it.whole)],
    ]),
  ],
  rounds: ({ rounds }: Results): Rows => [
    ['Machines', 'Way', 'Before', 'Clock', 'Of it', 'Ready and DNS'],
    ...rounds.map(({ topology, way, prepared, milliseconds, ...it }) => [
      ...[topology, way, seconds(prepared), seconds(milliseconds)],
      way === 'steps'
        ? `steps ${seconds(milliseconds - it.usable)}`
        : `init ${seconds(it.init ?? 0)}, joins ${seconds(it.joins ?? 0)}`,
      seconds(it.usable),
    ]),
  ],
  steps: ({ rounds }: Results, topology: string): Rows => [
    ['Step', 'Time', 'Transfer', 'Waiting', 'Machines', 'API'],
    ...stepMedians(rounds.filter((it) => it.topology === topology)).map(
      ({ title, milliseconds, transfer, waiting, machines, api }) => [
        title,
        ...[milliseconds, transfer, waiting, machines, api].map((time) =>
          seconds(time),
        ),
      ],
    ),
  ],
  growth: ({ growth }: Results): Rows => [
    ['Workers added', 'Time'],
    ...growth.map((it) => [String(it.workers), seconds(it.milliseconds)]),
  ],
  single: ({ single }: Results): Rows => [
    ['Machine', 'Steps', 'Ready and DNS', 'All'],
    ...single.map(({ machine, steps, usable }) =>
      [machine, steps, usable, machine + steps + usable].map((time) =>
        seconds(time),
      ),
    ),
  ],
  again: ({ again }: Results): Rows => [
    ['Checks of the steps', 'First run', 'Second run', 'Ratio'],
    ...again.map(({ checked, first, second }) => [
      checked ? 'with' : 'without',
      ...[seconds(first), seconds(second), (second / first).toFixed(2)],
    ]),
  ],
}

/** The whole report, for a terminal. Parts that did not run are left out. */
export function report(results: Results): string {
  const { conditions, rounds } = results
  const topologies = [...new Set(rounds.map(({ topology }) => topology))]
  const parts: [string, Rows][] = [
    ['Every round', rowsOf.rounds(results)],
    ['Medians', rowsOf.comparison(results)],
    ...topologies.map((topology): [string, Rows] => [
      `Where the time of our steps goes, ${topology}`,
      rowsOf.steps(results, topology),
    ]),
    ['Growth', rowsOf.growth(results)],
    ['One machine, from nothing but caches', rowsOf.single(results)],
    ['The same steps again', rowsOf.again(results)],
  ]
  const head = `${conditions.cores} × ${conditions.processor}, programs cached`
  return [
    head,
    ...parts
      .filter(([, rows]) => rows.length > 1)
      .map(([title, rows]) => `${title}\n${table(rows)}`),
  ].join('\n\n')
}
