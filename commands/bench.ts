// npm run bench: measures how long it takes to build clusters, ours and
// kubeadm's, on machines of the lab that were made for it.

import { mkdtempSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { cpus, release, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { labDown } from '../lab/down.ts'
import { labUp } from '../lab/up.ts'
import { architectureHere } from '../lib/artifacts/artifact.ts'
import { obtain } from '../lib/artifacts/obtain.ts'
import { loadCluster } from '../lib/cluster.ts'
import { GuideError } from '../lib/errors.ts'
import { printable } from '../lib/flags.ts'
import { imageOf } from '../lib/install.ts'
import { kubectlOf } from '../lib/kubectl.ts'
import { seconds } from '../lib/report.ts'
import { stepFiles } from '../lib/steps.ts'
import { dateAndCommit } from './docs/about.ts'
import { recordedFolder, writeRecorded } from './docs/recorded.ts'
import { readArguments } from './shared/arguments.ts'
import { benchCluster, type Size } from './shared/bench-clusters.ts'
import { kubeadmImages } from './shared/bench-images.ts'
import { prepareKubeadm, runKubeadm, usable } from './shared/bench-kubeadm.ts'
import { bringPrograms } from './shared/bench-machines.ts'
import {
  type Again,
  type Growth,
  type Results,
  type Round,
  report,
  type Single,
  type StepTime,
} from './shared/bench-results.ts'
import { command } from './shared/command.ts'
import { fillCache } from './shared/fill-cache.ts'
import { interruption } from './shared/interrupt.ts'
import { openLog } from './shared/log.ts'
import { type Done, runSteps, titleOf } from './shared/run-steps.ts'
import { screenOn } from './shared/screen.ts'

const usage = `usage: npm run bench -- [options]
  Prints how long it takes to build clusters: by our steps and by kubeadm, on
  the same machines; when workers are added; one machine from nothing; and the
  same steps again, when nothing is left to change.
  What it builds has names and ranges of its own, and is removed.
  --parts LIST    of kubeadm, growth, single, again; default all
  --rounds N      how often each; default 2
  --sizes LIST    of 1+2, 3+2: control planes and workers; default both
  --record        writes docs/recorded/bench.json, for the site to show
  --json          for programs`

const allParts = ['kubeadm', 'growth', 'single', 'again']
const allSizes = ['1+2', '3+2']

// Prepare machines for both ways, and are in no clock.
const head = ['01', '02', '09']
// The smoke test builds nothing.
const all = stepFiles().filter(({ number }) => number !== '14')
const rest = all.map(({ number }) => number).filter((it) => !head.includes(it))

await command(async () => {
  const { values } = readArguments(usage, {
    json: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
    parts: { type: 'string', default: allParts.join(',') },
    rounds: { type: 'string', default: '2' },
    sizes: { type: 'string', default: allSizes.join(',') },
  })
  const chosen = (name: 'parts' | 'sizes', allowed: string[]) => {
    const found = String(values[name]).split(',')
    const wrong = found.find((one) => !allowed.includes(one))
    if (wrong === undefined) return found
    throw new GuideError(
      `--${name}: found ${printable(wrong)}, ` +
        `allowed: ${allowed.join(', ')}\n${usage}`,
    )
  }
  const parts = chosen('parts', allParts)
  const sizes = chosen('sizes', allSizes)
  const times = Number(values.rounds)
  if (!(Number.isInteger(times) && times >= 1 && times <= 20)) {
    throw new GuideError(
      `--rounds: found ${printable(String(values.rounds))}, ` +
        `allowed: a number from 1 to 20\n${usage}`,
    )
  }
  const architecture = architectureHere()
  const folder = mkdtempSync(join(tmpdir(), 'kfs-bench-'))
  const screen = screenOn(process.stderr)
  const session = { screen, log: openLog(folder), signal: interruption() }
  const one = benchCluster('single.yaml', folder)
  const sizeFile = (size: Size) => benchCluster('cluster.yaml', folder, size)
  const anyFile = sizeFile({ controlPlanes: 1, workers: 1 })
  const versions = loadCluster(anyFile)
  await fillCache(versions, architecture, { signal: session.signal })
  if (!architecture) throw new GuideError('not on this computer')
  const kubectl = await kubectlOf(versions)

  const clock = async <T>(work: () => Promise<T>) => {
    const began = performance.now()
    const value = await work()
    return { value, took: performance.now() - began }
  }
  const remove = async (file: string) => {
    await labDown(file, { report: () => undefined })
    await rm(loadCluster(file).directory, { recursive: true, force: true })
  }
  const boot = (file: string) =>
    clock(() => labUp(file, { report: () => undefined }))
  const steps = (file: string, only?: string[], flags = ['--no-verify']) =>
    runSteps(
      {
        ...{ clusterFile: file, verb: 'apply', verbose: false, flags },
        steps: all.filter(({ number }) => !only || only.includes(number)),
        resume: () => 'npm run bench',
      },
      session,
    )
  const wait = (file: string, kubeconfig: string) => {
    const cluster = loadCluster(file)
    const { domain } = cluster.networks
    const nodes = cluster.machines.length
    const image = imageOf('agnhost', cluster)
    return clock(() =>
      usable({ kubectl, kubeconfig }, { nodes, image, domain }),
    )
  }
  const ourKubeconfig = (file: string) =>
    join(loadCluster(file).directory, 'kubeconfig', 'admin.yaml')

  const bySteps = async (file: string, topology: string): Promise<Round> => {
    const before = await clock(async () => {
      const { done } = await steps(file, head)
      await bringPrograms(loadCluster(file))
      return done
    })
    const { done, milliseconds } = await steps(file, rest)
    const { took } = await wait(file, ourKubeconfig(file))
    return {
      ...{ topology, way: 'steps', prepared: before.took, usable: took },
      milliseconds: milliseconds + took,
      steps: [...before.value, ...done].map(stepTime),
    }
  }
  const byKubeadm = async (file: string, topology: string): Promise<Round> => {
    const images = await imagesOnce()
    const before = await clock(async () => {
      await steps(file, head)
      return prepareKubeadm(loadCluster(file), images)
    })
    const began = performance.now()
    const { times, kubeconfig } = await runKubeadm(before.value)
    const path = join(folder, 'kubeadm.yaml')
    writeFileSync(path, kubeconfig, { mode: 0o600 })
    const { took } = await wait(file, path)
    const milliseconds = performance.now() - began
    return {
      ...{ topology, way: 'kubeadm', prepared: before.took, milliseconds },
      ...{ ...times, usable: took, steps: [] },
    }
  }
  let made: ReturnType<typeof kubeadmImages> | undefined
  const imagesOnce = () => {
    made ??= kubeadmImages(versions, architecture, join(folder, 'images'))
    return made
  }

  const rounds: Round[] = []
  const growth: Growth[] = []
  const single: Single[] = []
  const again: Again[] = []
  const fresh = async <T>(file: string, work: () => Promise<T>) => {
    await remove(file)
    try {
      return await work()
    } finally {
      await remove(file)
    }
  }
  const scenarios: Record<string, () => Promise<void>> = {
    async kubeadm() {
      const { kubernetes } = versions.versions
      const { artifacts } = versions
      await obtain('kubeadm', kubernetes, architecture, artifacts)
      for (let round = 0; round < times; round++) {
        // Whoever is first in one round is second in the next.
        const ways = [bySteps, byKubeadm]
        if (round % 2 === 1) ways.reverse()
        for (const size of sizes) {
          const [controlPlanes = 1, workers = 2] = size.split('+').map(Number)
          const file = sizeFile({ controlPlanes, workers })
          for (const way of ways) {
            const found = await fresh(file, async () => {
              await boot(file)
              return way(file, size)
            })
            screen.print(
              `${found.way}, ${size}, round ${round + 1}: ` +
                seconds(found.milliseconds),
            )
            rounds.push(found)
          }
        }
      }
    },
    async growth() {
      for (const more of [1, 2, 4, 8]) {
        const small = sizeFile({ controlPlanes: 1, workers: 1 })
        const large = sizeFile({ controlPlanes: 1, workers: 1 + more })
        await fresh(large, async () => {
          await boot(small)
          await steps(small)
          await boot(large)
          const { milliseconds } = await steps(large)
          const { took } = await wait(large, ourKubeconfig(large))
          growth.push({ workers: more, milliseconds: milliseconds + took })
        })
      }
    },
    async single() {
      for (let round = 0; round < times; round++) {
        await fresh(one, async () => {
          const machine = (await boot(one)).took
          const { milliseconds } = await steps(one)
          const { took } = await wait(one, ourKubeconfig(one))
          single.push({ machine, steps: milliseconds, usable: took })
        })
      }
    },
    async again() {
      const file = sizeFile({ controlPlanes: 3, workers: 2 })
      for (const checked of [false, true]) {
        const flags = checked ? [] : ['--no-verify']
        await fresh(file, async () => {
          await boot(file)
          const first = (await steps(file, undefined, flags)).milliseconds
          const second = (await steps(file, undefined, flags)).milliseconds
          again.push({ checked, first, second })
        })
      }
    },
  }
  for (const part of parts) await scenarios[part]?.()

  const results: Results = {
    ...(await conditionsNow()),
    versions: versions.versions,
    ...{ rounds, growth, single, again },
  }
  if (values.json) console.log(JSON.stringify(results, null, 2))
  else console.log(report(results))
  if (values.record) writeRecorded(recordedFolder, 'bench', results)
  await rm(folder, { recursive: true })
  return 0
})

function stepTime({ step, run }: Done): StepTime {
  const of = (name: string) =>
    (run.summary as unknown as Record<string, number>)[name] ?? 0
  return {
    ...{ title: titleOf(step), milliseconds: run.milliseconds },
    transfer: of('transferMilliseconds'),
    waiting: of('waitingMilliseconds'),
    machines: of('machinesMilliseconds'),
    api: of('apiMilliseconds'),
  }
}

async function conditionsNow() {
  const processors = cpus()
  return {
    ...(await dateAndCommit()),
    conditions: {
      processor: processors[0]?.model ?? 'unknown',
      cores: processors.length,
      memoryBytes: totalmem(),
      kernel: release(),
      machines: 'container',
    },
  }
}
