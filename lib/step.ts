import { constants } from 'node:os'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseStepArguments, type Verb } from './arguments.ts'
import {
  type Cluster,
  clusterFileFromArguments,
  loadCluster,
  type MachineEntry,
} from './cluster.ts'
import { GuideError, renderError } from './errors.ts'
import { lazyHost } from './hosts.ts'
import { installer } from './install.ts'
import { type Journal, journal } from './journal.ts'
import { readKubeconfig } from './kubeconfig.ts'
import { ApiError, KubernetesApi, type Manifest, pathOf } from './kubernetes.ts'
import { takeLock } from './lock.ts'
import { Machine } from './machine.ts'
import { requireMembers } from './members.ts'
import { Operator } from './operator.ts'
import { usePatience } from './patience.ts'
import { noneDisturbed, type Restore } from './put-back.ts'
import { machineLine, planLines, type Summary, seconds } from './report.ts'
import { openState, type State } from './state.ts'
import { undoLaterSteps } from './steps.ts'
import { timeSpent } from './time-spent.ts'
import { yaml } from './yaml.ts'

/** The cluster, with machines that can be worked on. */
export interface LiveCluster
  extends Omit<Cluster, 'machines' | 'controlPlanes' | 'workers'> {
  machines: Machine[]
  controlPlanes: Machine[]
  workers: Machine[]
  /** Name and random identity; machines remember whose they are by it. */
  identity: string
}

/** Anything that a block works on and reports a line for. */
interface Worker {
  readonly name: string
  journal: Journal
}

/**
 * Put back what a drill disturbed; runs last first, also when the step is
 * interrupted. A drill whose disturbance stays has failed.
 */
export type PutBack = (restore: Restore) => void

export interface Step {
  cluster: LiveCluster
  operator: Operator
  /** True with `--forget`: undo removes keys and data, too. */
  forget: boolean
  /** A client of the API, as the administrator or as another identity. */
  api(user?: string): KubernetesApi
  /** Changes machines, all at once. Runs on apply and `--plan`. */
  on<W extends Worker>(
    workers: W | readonly W[],
    block: (worker: W) => Promise<unknown> | unknown,
  ): Promise<void>
  /** Has objects in the API, by server-side apply. Undo deletes them. */
  apply(
    manifests: Manifest | readonly Manifest[],
    options?: { as?: string },
  ): Promise<void>
  /** With `--undo`, deletes objects in the API, before machines change. */
  retract(manifests: readonly Manifest[], as?: string): void
  /**
   * A check that only reads. Runs after apply and alone with `--verify`. May
   * return {@link notApplicable}.
   */
  verify(title: string, check: () => Promise<unknown> | unknown): Promise<void>
  /** Takes back what `on` did; with `--undo`, last block first. */
  undo<W extends Worker>(
    workers: W | readonly W[],
    block: (worker: W) => Promise<unknown> | unknown,
  ): void
  /** A proof that disturbs. Runs with `--drill` alone. */
  drill(
    title: string,
    proof: (putBack: PutBack) => Promise<unknown>,
  ): Promise<void>
}

/** Why a check has nothing to look at in this cluster. */
export interface NotApplicable {
  readonly notApplicable: string
}

/**
 * What a check returns where it makes no sense: it is reported so, and
 * counts neither as passed nor as failed.
 *
 * @example
 * if (members.length === 1) return notApplicable('one member leads itself')
 */
export function notApplicable(reason: string): NotApplicable {
  return { notApplicable: reason }
}

/**
 * Begins a step: reads the arguments and the cluster, and decides by the verb
 * which blocks of the file will run. At the end of the file it reports, and
 * remembers that the step was applied or undone.
 *
 * @param meta `import.meta` of the step; its file name gives the number
 * @param needs numbers of the steps that must have been applied
 * @example
 * const { cluster, on, verify, undo } = await step(import.meta, ['03'])
 */
export async function step(
  meta: { url: string },
  needs: readonly string[] = [],
): Promise<Step> {
  try {
    return await begin(basename(fileURLToPath(meta.url), '.ts'), needs)
  } catch (error) {
    return fail(error)
  }
}

async function begin(file: string, needs: readonly string[]): Promise<Step> {
  const started = performance.now()
  const number = file.slice(0, 2)
  const argv = process.argv.slice(process.argv.findIndex(isStepFile) + 1)
  const { verb, skipVerify, cascade, forget } = parseStepArguments(argv)
  const described = loadCluster(clusterFileFromArguments(argv, process.env))
  const changes = verb === 'apply' || verb === 'undo' || verb === 'drill'
  const planning = verb === 'plan'
  const names = described.machines.map(({ name }) => name)
  const controlPlanes = described.controlPlanes.map(({ name }) => name)
  const refuse = (state: State) => {
    if (verb === 'undo') return
    requireMembers(described, state)
    requireSteps(state, number, needs, names, verb)
  }
  // Before all else: what is refused does not leave even a state folder.
  refuse(openState(described, false))
  const state = openState(described, changes)
  usePatience(state.directory)
  if (changes) process.once('exit', takeLock(state.directory))

  const print = (line: string) => console.log(line)
  // And again, for now nobody else changes what it looks at.
  refuse(state)
  if (verb === 'undo') {
    await undoLaterSteps(state, number, { cascade, forget, argv })
  }
  print(`${file.replace('-', ' ').replaceAll('-', ' ')}${subtitle[verb]}`)

  const live = liveCluster(described, state, planning, print)
  const operator = new Operator(state, {
    ...{ planning, undoing: verb === 'undo', journal: journal() },
    controlPlane: described.controlPlanes[0],
  })
  const summary: Summary = {
    changes: 0,
    looked: 0,
    verified: 0,
    notApplicable: 0,
    failed: 0,
  }
  let blocksRunning = 0
  // What was written may be in memory only. A step is done when the disks have
  // it; until then checks run, so that nobody waits for disks alone.
  const changed = new Set<Machine>()
  const flushing: Promise<unknown>[] = []
  const flush = () => {
    for (const machine of changed) {
      flushing.push(machine.flush().catch((error) => error))
    }
    changed.clear()
  }
  const undoing: (() => Promise<void>)[] = []
  const retracting: (() => Promise<void>)[] = []
  const disturbed = noneDisturbed()
  // Applied before, it stays so while it is applied again.
  const applied = state.steps()[number]?.status === 'applied'
  if (verb === 'undo' || (verb === 'apply' && !applied)) {
    const status = 'started'
    state.recordStep(number, { status, machines: names, controlPlanes })
  }

  const work = async <W extends Worker>(
    workers: W | readonly W[],
    block: (worker: W) => Promise<unknown> | unknown,
  ) => {
    const all: readonly W[] = Array.isArray(workers) ? workers : [workers as W]
    const errors: unknown[] = []
    blocksRunning++
    const lines = all.map(async (worker) => {
      const began = performance.now()
      worker.journal = journal()
      try {
        await block(worker)
      } catch (error) {
        if (!planning) {
          errors.push(error)
          return `  ✗ ${worker.name}`
        }
        const reason = renderError(error).split('\n')[0]
        worker.journal.details.push(`unknown yet: ${reason}`)
        worker.journal.changes.push('unknown')
      }
      const { changes } = worker.journal
      if (!planning && changes.length > 0 && worker instanceof Machine) {
        changed.add(worker)
      }
      summary.changes += changes.length
      summary.looked += worker.journal.looked
      const took = performance.now() - began
      return planning
        ? planLines(worker.name, worker.journal)
        : machineLine(worker.name, worker.journal, took)
    })
    // In the order of cluster.yaml, whoever is first: two runs read alike.
    for (const line of lines) print(await line)
    blocksRunning--
    if (errors.length > 0) fail(new AggregateError(errors))
  }

  const clients = new Map<string, KubernetesApi>()
  const api = (user = 'admin') => {
    const client =
      clients.get(user) ??
      apiAs(described, operator.read(`kubeconfig/${user}.yaml`))
    clients.set(user, client)
    return client
  }

  let leaving = false
  // Once: npm and npx pass on a Ctrl-C that the terminal has sent us already,
  // and a runner that is in a hurry ends us while we put things back.
  const leave = async (code: number) => {
    if (leaving) return
    leaving = true
    for (const error of await disturbed.putBack()) {
      console.error(renderError(error))
    }
    process.exit(code)
  }
  // Ctrl-C, `kill`, and a terminal that goes away.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (!leaving) print('\ninterrupted: the same command goes on from here')
      leave(128 + constants.signals[signal])
    })
  }
  // Whoever reads our output may stop before its end, as `head` does.
  process.stdout.on('error', () => leave(141))
  process.once('beforeExit', async () => {
    // Node ends when nothing is left to wait for, also in the middle of a
    // block whose promise nobody will ever settle.
    if (blocksRunning > 0) fail(new GuideError(`${file} hangs: a block waits`))
    try {
      const blocks = [...retracting.toReversed(), ...undoing.toReversed()]
      for (const block of blocks) await block()
      flush()
      const errors = (await Promise.all(flushing)).filter(Boolean)
      if (errors.length > 0) throw new AggregateError(errors)
    } catch (error) {
      return fail(error)
    }
    const failed = summary.failed > 0
    if (verb === 'apply' && !failed) {
      const status = 'applied'
      state.recordStep(number, { status, machines: names, controlPlanes })
    }
    if (verb === 'undo') state.recordStep(number, undefined)
    print(
      `  ${lastLine(verb, summary, skipVerify)}  ` +
        seconds(performance.now() - started),
    )
    process.send?.({ ...summary, ...timeSpent() })
    process.disconnect?.()
    process.exitCode = failed ? 1 : 0
  })

  return {
    cluster: live,
    operator,
    forget,
    api,

    async on(workers, block) {
      if (verb === 'apply' || planning) await work(workers, block)
    },

    async apply(manifests, { as = 'admin' } = {}) {
      const all = [manifests].flat()
      const target = { name: 'cluster', journal: journal() }
      if (verb === 'apply' || planning) {
        await work(target, async () => {
          for (const manifest of all) {
            const change = async () =>
              api(as).apply(manifest, { dryRun: planning })
            await applyOne(change, manifest, target.journal, planning)
          }
        })
      }
      retract(all.toReversed(), as)
    },

    retract,

    async verify(what, check) {
      if (verb !== 'verify' && !(verb === 'apply' && !skipVerify)) return
      flush()
      await judge(what, check)
    },

    undo(workers, block) {
      if (verb === 'undo') undoing.push(() => work(workers, block))
    },

    async drill(what, proof) {
      if (verb !== 'drill') return
      await judge(`drill: ${what}`, async () => {
        const errors: unknown[] = []
        const result = await proof(disturbed.add).catch((error) => {
          errors.push(error)
        })
        errors.push(...(await disturbed.putBack()))
        if (errors.length > 0) throw new AggregateError(errors)
        return result
      })
    },
  }

  // First of all that is undone, while there still is an API to ask.
  function retract(manifests: readonly Manifest[], as = 'admin') {
    if (verb !== 'undo') return
    const target = { name: 'cluster', journal: journal() }
    retracting.push(() =>
      work(target, async () => {
        for (const manifest of manifests) {
          try {
            if (!(await api(as).delete(manifest))) continue
            target.journal.changes.push(`deleted ${title(manifest)}`)
          } catch (error) {
            // An undo that was cut short, or a cluster that is broken, must
            // not stand in the way of taking it off the machines.
            if (error instanceof ApiError) throw error
            print(`  ! ${title(manifest)} is left: no API server answers`)
          }
        }
      }),
    )
  }

  async function judge(what: string, check: () => Promise<unknown> | unknown) {
    const began = performance.now()
    blocksRunning++
    try {
      const result = (await check()) as Partial<NotApplicable> | undefined
      if (result?.notApplicable) {
        summary.notApplicable++
        return print(`  – ${what}: not applicable, ${result.notApplicable}`)
      }
      summary.verified++
      print(`  ✓ ${what}  ${seconds(performance.now() - began)}`)
    } catch (error) {
      summary.failed++
      print(`  ✗ ${what}`)
      console.error(renderError(error))
      console.error(
        `  → if it fails again: docs/steps/${file}.md, "If it fails"`,
      )
    } finally {
      blocksRunning--
    }
  }
}

const subtitle: Record<Verb, string> = {
  apply: '',
  plan: ' (plan: nothing is changed)',
  verify: ' (verify)',
  undo: ' (undo)',
  drill: ' (drill)',
}

function isStepFile(argument: string): boolean {
  return /\d\d-[\w-]+\.ts$/.test(argument)
}

function liveCluster(
  cluster: Cluster,
  state: State,
  planning: boolean,
  notice: (line: string) => void,
): LiveCluster {
  const install = installer(cluster)
  const machines = cluster.machines.map(
    (entry: MachineEntry) =>
      new Machine(entry, lazyHost(entry, state, notice), {
        planning,
        journal: journal(),
        installer: install,
      }),
  )
  return {
    ...cluster,
    identity: state.identity,
    machines,
    controlPlanes: machines.filter((machine) => machine.is('control-plane')),
    workers: machines.filter((machine) => machine.is('worker')),
  }
}

function requireSteps(
  state: State,
  number: string,
  needs: readonly string[],
  machines: readonly string[],
  verb: Verb,
): void {
  const steps = state.steps()
  const self = verb === 'verify' || verb === 'drill' ? [number] : []
  const missing = [...needs, ...self].flatMap((need) => {
    const record = steps[need]
    // A step that failed half-way may be looked at.
    if (record && need === number) return []
    if (record?.status !== 'applied') {
      return [record ? `${need} (begun, not finished)` : need]
    }
    const left = machines.filter((name) => !record.machines.includes(name))
    return left.length > 0 ? [`${need} (not on ${left.join(', ')})`] : []
  })
  if (missing.length === 0 || verb === 'plan') return
  throw new GuideError(
    `${number} cannot run yet: missing ${missing.join(', ')}`,
    [
      'run them in order: npm run steps -- ' +
        `--from ${missing[0]?.slice(0, 2)} --to ${number}`,
    ],
  )
}

function apiAs(cluster: Cluster, kubeconfig: string): KubernetesApi {
  const { port } = cluster.ports.apiServer
  const servers = cluster.endpoint
    ? [`https://${cluster.endpoint.host}:${cluster.endpoint.port}`]
    : cluster.controlPlanes.map(({ address }) => `https://${address}:${port}`)
  return new KubernetesApi(servers, readKubeconfig(kubeconfig))
}

async function applyOne(
  apply: () => ReturnType<KubernetesApi['apply']>,
  manifest: Manifest,
  journal: Journal,
  planning: boolean,
): Promise<void> {
  journal.looked++
  const { changed, before } = await apply().catch((error) => {
    if (!planning) throw error
    // Before there is an API, or its keys, everything is still to be made.
    return { changed: true, before: undefined }
  })
  if (!changed) return
  journal.changes.push(title(manifest))
  journal.details.push(`${before ? 'change' : 'create'} ${pathOf(manifest)}`)
  const text = manifest.kind === 'Secret' ? '(secret)' : yaml(manifest)
  journal.details.push(
    ...text
      .trimEnd()
      .split('\n')
      .map((line) => `  ${line}`),
  )
}

function title({ kind, metadata }: Manifest): string {
  return `${kind}/${metadata.name}`
}

function lastLine(verb: Verb, summary: Summary, skipVerify: boolean): string {
  const { changes, verified, notApplicable: skipped, failed } = summary
  const checks =
    `${verified} verified` +
    (skipped ? `, ${skipped} not applicable` : '') +
    (failed ? `, ${failed} FAILED` : '')
  if (verb === 'plan') return `${changes} changes to make`
  if (verb === 'undo') return `${changes} changes taken back`
  if (verb === 'apply') {
    const changed = changes === 0 ? 'no changes' : `${changes} changed`
    return `${changed}, ${skipVerify ? 'not verified' : checks}`
  }
  return checks
}

function fail(error: unknown): never {
  console.error(renderError(error))
  process.exit(1)
}
