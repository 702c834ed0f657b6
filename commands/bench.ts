// npm run bench: measures how long it takes to build clusters, and where the
// time goes. Each on machines of the lab that were made for it.

import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { labDown } from '../lab/down.ts'
import { labUp } from '../lab/up.ts'
import { architectureHere } from '../lib/artifacts/artifact.ts'
import { loadCluster } from '../lib/cluster.ts'
import { GuideError } from '../lib/errors.ts'
import { printable } from '../lib/flags.ts'
import { seconds } from '../lib/report.ts'
import { stepFiles } from '../lib/steps.ts'
import { readArguments } from './shared/arguments.ts'
import { benchCluster } from './shared/bench-clusters.ts'
import { command } from './shared/command.ts'
import { fillCache } from './shared/fill-cache.ts'
import { interruption } from './shared/interrupt.ts'
import { openLog } from './shared/log.ts'
import { type Done, runSteps, titleOf } from './shared/run-steps.ts'
import { screenOn } from './shared/screen.ts'
import { table } from './shared/table.ts'

const usage = `usage: npm run bench -- [options]
  Prints how long it takes to build clusters, with and without the checks of
  the steps; drills are never in it. Takes some minutes. What it builds has
  names and ranges of its own, and is removed.
  --only PART   default, workers or single: a part of it
  --json        for programs`

const parts = ['default', 'workers', 'single']

/** One measured run of all steps. */
interface Measured {
  what: string
  machines: number
  checks: boolean
  /** What the lab took for the machines, until they answered SSH. */
  boot?: number
  /** All steps, from there. */
  milliseconds: number
  done: Done[]
}

await command(async () => {
  const { values } = readArguments(usage, {
    json: { type: 'boolean', default: false },
    only: { type: 'string' },
  })
  const { only = '' } = values
  if (only && !parts.includes(only)) {
    throw new GuideError(
      `--only: found ${printable(only)}, allowed: ${parts.join(', ')}\n${usage}`,
    )
  }
  const folder = mkdtempSync(join(tmpdir(), 'kfs-bench-'))
  const screen = screenOn(process.stderr)
  const session = { screen, log: openLog(folder), signal: interruption() }
  const five = benchCluster('cluster.yaml', { folder, net: 51 })
  const seven = benchCluster('cluster.yaml', {
    ...{ folder, net: 51, moreWorkers: 2 },
  })
  const one = benchCluster('single.yaml', { folder, net: 52 })
  const runs: Measured[] = []

  const boot = async (file: string) => {
    const began = performance.now()
    await labUp(file, { report: () => undefined })
    return performance.now() - began
  }
  const measure = async (
    what: string,
    file: string,
    checks: boolean,
    boot?: number,
  ) => {
    const machines = loadCluster(file).machines.length
    const title = `${what}, ${checks ? 'with' : 'no'} checks`
    screen.print(`\n${count(machines)}: ${title}`)
    const { done, milliseconds } = await runSteps(
      {
        ...{ clusterFile: file, verb: 'apply', verbose: false },
        ...{ steps: stepFiles(), flags: checks ? [] : ['--no-verify'] },
        resume: () => 'npm run bench',
      },
      session,
    )
    const booted = boot === undefined ? {} : { boot }
    runs.push({ what, machines, checks, ...booted, milliseconds, done })
  }
  const remove = async (file: string) => {
    await labDown(file, { report: () => undefined })
    await rm(loadCluster(file).directory, { recursive: true, force: true })
  }
  const fresh = async (file: string, checks: boolean, what = 'fresh') => {
    await remove(file)
    await measure(what, file, checks, await boot(file))
  }

  const scenarios: Record<string, () => Promise<void>> = {
    async default() {
      await fresh(five, true)
      await measure('again', five, true)
      await measure('again', five, false)
      await fresh(five, false)
    },
    async workers() {
      await fresh(seven, false)
      await fresh(five, false, 'before two more')
      await measure('after two more', seven, false, await boot(seven))
      await remove(seven)
    },
    async single() {
      await fresh(one, true)
      await fresh(one, false)
    },
  }
  const { signal } = session
  await fillCache(loadCluster(five), architectureHere(), { signal })
  try {
    for (const part of only ? [only] : parts) await scenarios[part]?.()
  } finally {
    await remove(seven)
    await remove(one)
  }
  if (values.json) console.log(JSON.stringify(runs, null, 2))
  else console.log(report(runs))
  await rm(folder, { recursive: true })
  return 0
})

function report(runs: readonly Measured[]): string {
  const first = (checks: boolean) =>
    runs.find((run) => run.what === 'fresh' && run.checks === checks)
  const processors = cpus()
  const rows = runs.map((run) => {
    const { what, machines, checks, boot, milliseconds } = run
    const base = first(checks)?.milliseconds ?? milliseconds
    return [
      `${count(machines)}, ${what}`,
      checks ? 'in it' : 'left out',
      seconds(milliseconds),
      (milliseconds / base).toFixed(2),
      ...(boot ? [seconds(boot), seconds(boot + milliseconds)] : []),
    ]
  })
  return [
    `\n${processors.length} × ${processors[0]?.model}, programs cached`,
    '\nAll steps, from booted machines; drills are never in it',
    table([
      ['', 'checks', 'steps', 'of fresh', 'machines', 'machines and steps'],
      ...rows,
    ]),
    ...runs
      .filter(({ what }) => what === 'fresh')
      .map((run) => `\n${titleOfRun(run)}\n${stepTable(run)}`),
  ].join('\n')
}

function titleOfRun({ machines, checks }: Measured): string {
  return `Fresh, ${count(machines)}, checks ${checks ? 'in it' : 'left out'}`
}

function count(machines: number): string {
  return machines === 1 ? '1 machine' : `${machines} machines`
}

// Whatever figures the steps tell become columns; times end in Milliseconds.
function stepTable({ done, milliseconds }: Measured): string {
  const names = [
    ...new Set(done.flatMap(({ run }) => Object.keys(run.summary))),
  ].filter((name) => name !== 'failed')
  const figures = (summary: object) =>
    names.map((name) => {
      const value = (summary as Record<string, number>)[name] ?? 0
      return /milliseconds$/i.test(name) ? seconds(value) : String(value)
    })
  const heads = names.map((name) => name.replace(/milliseconds$/i, ''))
  return table([
    ['step', 'time', ...heads],
    ...done.map(({ step, run }) => [
      ...[titleOf(step), seconds(run.milliseconds)],
      ...figures(run.summary),
    ]),
    ['all', seconds(milliseconds)],
  ])
}
