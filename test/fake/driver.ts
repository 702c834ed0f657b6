// Runs steps in this one process, one after the other: what a process of its
// own costs each time, is paid once. Reads orders from its input, a line
// each, and writes what came of them.

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { limitFiles, mortal, useFakes, World } from './install.ts'

/** One run of a step. */
export interface Order {
  /** Absolute path of the step. */
  file: string
  argv: string[]
  env: Record<string, string>
  /** File of the world. */
  world: string
  stopAfter?: number
  /**
   * As if nobody could react: what is written into the state folder counts,
   * too, and the lock stays.
   */
  killed?: boolean
  /** The last change is made by half, where that can be. */
  half?: boolean
  /** The disk of the state folder is full after so many files. */
  fullAfter?: number
}

/** What came of it. */
export interface Outcome {
  code: number
  output: string
  /** Changes that were made on machines and in the API. */
  changes: number
  /** Which of these could have been made by half, from 1. */
  halves: number[]
}

class Exit extends Error {
  readonly code: number

  constructor(code: number) {
    super(`exit ${code}`)
    this.code = code
  }
}

let runs = 0
const tell = process.stdout.write.bind(process.stdout)

for await (const line of createInterface({ input: process.stdin })) {
  tell(`${JSON.stringify(await run(JSON.parse(line)))}\n`)
}

async function run(order: Order): Promise<Outcome> {
  const world = new World(order.world, order.stopAfter, order.half)
  const before = world.state.time
  useFakes(() => world)
  if (order.fullAfter !== undefined) {
    limitFiles(order.env.XDG_STATE_HOME ?? '', order.fullAfter)
  }
  const state = order.env.XDG_STATE_HOME ?? ''
  mortal(order.killed ? { world, folder: state } : undefined)
  Object.assign(process.env, order.env)
  process.argv = [process.execPath, order.file, ...order.argv]
  process.exitCode = undefined

  const output: string[] = []
  let exited = false
  const print = (...words: unknown[]) => {
    if (!exited) output.push(words.join(' '))
  }
  console.log = console.error = print
  process.exit = (code) => {
    exited = true
    throw new Exit(Number(code ?? process.exitCode ?? 0))
  }

  process.stdout.removeAllListeners('error')
  const events = [
    ...(['beforeExit', 'exit', 'SIGINT', 'SIGTERM', 'SIGHUP'] as const),
  ] as const
  const earlier = events.map((event) => process.listeners(event as 'exit'))
  const listeners = (event: (typeof events)[number]) =>
    process
      .listeners(event as 'exit')
      .filter((it) => !earlier[events.indexOf(event)]?.includes(it))

  let code = 0
  try {
    await import(`${pathToFileURL(order.file)}?run=${++runs}`)
    for (const ending of listeners('beforeExit')) {
      await (ending as (code: number) => unknown)(0)
    }
    code = Number(process.exitCode ?? 0)
  } catch (error) {
    code = error instanceof Exit ? error.code : 99
    if (!(error instanceof Exit)) print((error as Error).stack)
  }
  mortal(undefined)
  const dies = order.killed && order.stopAfter !== undefined
  if (dies) buryHolder(state)
  else for (const ending of listeners('exit')) ending(code)
  for (const event of events) {
    for (const it of listeners(event)) process.off(event, it)
  }
  world.save()
  process.exitCode = undefined
  const changes = world.state.time - before
  return { code, output: output.join('\n'), changes, halves: world.halves }
}

// The lock that a killed process leaves names one that is no more. Ours is.
function buryHolder(state: string) {
  if (!existsSync(state)) return
  for (const path of readdirSync(state, { recursive: true })) {
    if (basename(String(path)) !== 'lock') continue
    const file = join(state, String(path))
    const holder = JSON.parse(readFileSync(file, 'utf8'))
    writeFileSync(file, JSON.stringify({ ...holder, started: 'long ago' }))
  }
}
