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

/** One measured run of all steps. */
interface Measured {
  what: string
  machines: number
  checks: boolean
  milliseconds: number
  done: Done[]
}

const folder = mkdtempSync(join(tmpdir(), 'kfs-bench-'))

await command(async () => {
  const { values } = readArguments(usage, {
    json: { type: 'boolean', default: false },
    only: { type: 'string' },
  })
  const screen = screenOn(process.stderr)
  const session = { screen, log: openLog(folder), signal: interruption() }
  const five = benchCluster('cluster.yaml', { folder, net: 51 })
  const seven = benchCluster('cluster.yaml', {
    ...{ folder, net: 51, moreWorkers: 2 },
  })
  const one = benchCluster('single.yaml', { folder, net: 52 })
  const runs: Measured[] = []
  const boots: { machines: number; milliseconds: number }[] = []

  const boot = async (file: string) => {
    const began = performance.now()
    await labUp(file, { report: () => undefined })
    const machines = loadCluster(file).machines.length
    boots.push({ machines, milliseconds: performance.now() - began })
  }
  const measure = async (what: string, file: string, checks: boolean) => {
    const machines = loadCluster(file).machines.length
    const title = `${what}, ${checks ? 'with' : 'no'} checks`
    screen.print(`\n${machines} machines: ${title}`)
    const { done, milliseconds } = await runSteps(
      {
        ...{ clusterFile: file, verb: 'apply', verbose: false },
        ...{ steps: stepFiles(), flags: checks ? [] : ['--no-verify'] },
        resume: () => 'npm run bench',
      },
      session,
    )
    runs.push({ what, machines, checks, milliseconds, done })
  }
  const remove = async (file: string) => {
    await labDown(file, { report: () => undefined })
    await rm(loadCluster(file).directory, { recursive: true, force: true })
  }
  const fresh = async (file: string) => {
    await remove(file)
    await boot(file)
  }

  const parts: Record<string, () => Promise<void>> = {
    async default() {
      await fresh(five)
      await measure('fresh', five, true)
      await measure('again', five, true)
      await measure('again', five, false)
      await fresh(five)
      await measure('fresh', five, false)
    },
    async workers() {
      await fresh(seven)
      await measure('fresh', seven, false)
      await fresh(five)
      await measure('before two more', five, false)
      await boot(seven)
      await measure('after two more', seven, false)
      await remove(seven)
    },
    async single() {
      await fresh(one)
      await measure('again', one, false)
      await fresh(one)
      await measure('fresh', one, false)
    },
  }
  const { only = '' } = values
  const chosen = only ? [parts[only]] : Object.values(parts)
  const { signal } = session
  await fillCache(loadCluster(five), architectureHere(), { signal })
  try {
    for (const part of chosen) {
      if (!part) throw new GuideError(`--only: found ${only}\n${usage}`)
      await part()
    }
  } finally {
    await remove(seven)
    await remove(one)
  }
  if (values.json) console.log(JSON.stringify({ boots, runs }, null, 2))
  else console.log(report(runs, boots))
  await rm(folder, { recursive: true })
  return 0
})

function report(
  runs: readonly Measured[],
  boots: readonly { machines: number; milliseconds: number }[],
): string {
  const first = (checks: boolean) =>
    runs.find((run) => run.what === 'fresh' && run.checks === checks)
  const processors = cpus()
  const rows = runs.map((run) => {
    const base = first(run.checks)?.milliseconds ?? run.milliseconds
    return [
      `${run.machines} ${run.what}`,
      run.checks ? 'in it' : 'left out',
      seconds(run.milliseconds),
      (run.milliseconds / base).toFixed(2),
    ]
  })
  return [
    `\n${processors.length} × ${processors[0]?.model}, binaries cached`,
    '\nMachines of the lab, until they answer SSH',
    table(
      boots.map((it) => [`${it.machines} machines`, seconds(it.milliseconds)]),
    ),
    '\nAll steps, from booted machines; drills are never in it',
    table([['machines', 'checks', 'time', 'of fresh'], ...rows]),
    ...runs
      .filter(({ what }) => what === 'fresh')
      .map((run) => `\n${titleOfRun(run)}\n${stepTable(run)}`),
  ].join('\n')
}

function titleOfRun({ machines, checks }: Measured): string {
  const count = machines === 1 ? '1 machine' : `${machines} machines`
  return `Fresh, ${count}, checks ${checks ? 'in it' : 'left out'}`
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
