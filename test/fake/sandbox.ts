import { spawn } from 'node:child_process'
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { parse, stringify } from 'yaml'
import type { ClusterFile } from '../../lib/cluster-schema.ts'
import { cacheDirectory } from '../../lib/paths.ts'
import { type StepFile, stepFiles } from '../../lib/steps.ts'
import { fillCache } from './artifacts.ts'
import type { Order, Outcome } from './driver.ts'
import { type Change, load, type WorldState } from './world.ts'

const repository = resolve(import.meta.dirname, '..', '..')
const preload = join(import.meta.dirname, 'preload.ts')
const compileCache =
  process.env.NODE_COMPILE_CACHE ?? join(cacheDirectory(), 'compile-cache')

/** The steps that build a cluster, without the one that only tries it. */
export const building: readonly StepFile[] = stepFiles().filter(
  ({ number }) => number !== '14',
)

/** A step by its number. */
export function stepOf(number: string): StepFile {
  const found = stepFiles().find((step) => step.number === number)
  if (found) return found
  throw new Error(`there is no step ${number}`)
}

/** One cluster of fake machines, with everything that steps leave anywhere. */
export interface Sandbox {
  folder: string
  /** Its cluster.yaml. */
  cluster: string
  world(): WorldState
  /** Changes that were made since there were so many. */
  log(since?: number): Change[]
  /** Files of the state folder, by their path below it. */
  state(): Record<string, string>
  /** Changes its cluster.yaml. */
  edit(change: (file: ClusterFile) => void): void
  /** A second one that is the same, and goes on by itself. */
  copy(): Sandbox
  /** Not needed any more. */
  remove(): void
}

/** What befalls a run. */
export type Trouble = Pick<Order, 'stopAfter' | 'fullAfter' | 'killed' | 'half'>

/** Makes sandboxes, and runs steps in them. */
export interface Workshop {
  /**
   * @param file of the guide, such as `cluster.yaml`
   * @param virtual virtual machines instead of containers
   */
  sandbox(file: string, options?: { virtual?: boolean }): Sandbox
  /** Runs a step in this workshop's one process. */
  run(
    sandbox: Sandbox,
    number: string,
    flags?: readonly string[],
    trouble?: Trouble,
  ): Promise<Outcome>
  /** Runs all steps from one to another; each has to succeed. */
  build(
    sandbox: Sandbox,
    from: string,
    to: string,
    flags?: readonly string[],
  ): Promise<Outcome[]>
  /** Runs a step as people do, in a process of its own. */
  runAlone(
    sandbox: Sandbox,
    number: string,
    flags?: readonly string[],
  ): Promise<Omit<Outcome, 'changes' | 'halves'>>
  close(): void
}

/** What steps check by asking pods and real programs is left out on fakes. */
export function flagsFor(number: string): string[] {
  return Number(number) > 4 ? ['--no-verify'] : []
}

export function openWorkshop(): Workshop {
  const root = mkdtempSync(join(tmpdir(), 'kfs-fakes-'))
  const cache = join(root, 'cache')
  fillCache(cache)
  const made = new Map<string, { virtual: boolean }>()

  const sandboxIn = (folder: string): Sandbox => ({
    folder,
    cluster: join(folder, 'cluster.yaml'),
    world: () => load(join(folder, 'world.json')),
    log: (since = 0) => load(join(folder, 'world.json')).log.slice(since),
    state: () => filesBelow(join(folder, 'state')),
    edit(change) {
      const file = join(folder, 'cluster.yaml')
      const content = parse(readFileSync(file, 'utf8'))
      change(content)
      writeFileSync(file, stringify(content))
    },
    copy() {
      const copy = mkdtempSync(join(root, 'copy-'))
      cpSync(folder, copy, { recursive: true })
      made.set(copy, made.get(folder) ?? { virtual: false })
      return sandboxIn(copy)
    },
    remove() {
      rmSync(folder, { recursive: true })
    },
  })

  const environment = ({ folder }: Sandbox) => ({
    XDG_CACHE_HOME: cache,
    XDG_STATE_HOME: join(folder, 'state'),
    FAKE_WORLD: join(folder, 'world.json'),
    FAKE_MACHINES: made.get(folder)?.virtual ? 'virtual' : 'container',
  })
  const argvOf = ({ cluster }: Sandbox, flags: readonly string[]) => [
    ...flags,
    ...['--cluster', cluster],
  ]

  const driver = startDriver()

  const run: Workshop['run'] = (sandbox, number, flags = [], trouble = {}) => {
    const { file } = stepOf(number)
    const env = environment(sandbox)
    const order = { file, argv: argvOf(sandbox, flags), env }
    const world = env.FAKE_WORLD
    return driver.run({ ...order, world, ...trouble })
  }

  return {
    run,
    sandbox(file, { virtual = false } = {}) {
      const sandbox = sandboxIn(mkdtempSync(join(root, 'sandbox-')))
      made.set(sandbox.folder, { virtual })
      cpSync(join(repository, file), sandbox.cluster)
      sandbox.edit((content) => {
        // No test waits for a download or a build.
        content.artifacts = { sources: ['cache'] }
      })
      return sandbox
    },
    async build(sandbox, from, to, flags) {
      const done: Outcome[] = []
      for (const { number } of building) {
        if (number < from || number > to) continue
        const all = flags ?? flagsFor(number)
        const outcome = await run(sandbox, number, all)
        if (outcome.code !== 0) throw new Error(outcome.output)
        done.push(outcome)
      }
      return done
    },
    runAlone(sandbox, number, flags = []) {
      const { file } = stepOf(number)
      const child = spawn(process.execPath, [file, ...argvOf(sandbox, flags)], {
        env: {
          ...process.env,
          ...environment(sandbox),
          NODE_OPTIONS: `--import ${preload}`,
          NODE_COMPILE_CACHE: compileCache,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      let output = ''
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text) => {
          output += text
        })
      }
      return new Promise((done) => {
        child.on('close', (code) => done({ code: code ?? 1, output }))
      })
    },
    close() {
      driver.end()
      rmSync(root, { recursive: true, force: true })
    },
  }
}

function startDriver() {
  const file = join(import.meta.dirname, 'driver.ts')
  const { NODE_OPTIONS: _, ...env } = process.env
  const child = spawn(process.execPath, [file], {
    env: { ...env, NODE_COMPILE_CACHE: compileCache },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const waiting: ((outcome: Outcome) => void)[] = []
  createInterface({ input: child.stdout }).on('line', (line) =>
    waiting.shift()?.(JSON.parse(line)),
  )
  child.on('exit', (code) => {
    for (const done of waiting) {
      done({
        code: 99,
        output: `the driver ended with ${code}`,
        changes: 0,
        halves: [],
      })
    }
  })
  return {
    run(order: Order) {
      child.stdin.write(`${JSON.stringify(order)}\n`)
      return new Promise<Outcome>((done) => waiting.push(done))
    },
    end: () => child.stdin.end(),
  }
}

function filesBelow(folder: string): Record<string, string> {
  const entries = statSync(folder, { throwIfNoEntry: false })
    ? readdirSync(folder, { recursive: true, encoding: 'utf8' })
    : []
  return Object.fromEntries(
    entries
      .filter((entry) => statSync(join(folder, entry)).isFile())
      .sort()
      // The name of the project and that of the cluster.
      .map((entry) => [
        entry.split('/').slice(2).join('/'),
        readFileSync(join(folder, entry), 'utf8'),
      ]),
  )
}
