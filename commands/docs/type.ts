import { execa } from 'execa'
import { quote } from '../../lib/shell.ts'
import { repository } from './recorded.ts'

/** How something that was typed ended. */
export interface Typing {
  exitCode: number
  /** stdout and stderr, as a terminal would have mixed them. */
  output: string
  milliseconds: number
}

/** What a reader types in the checkout. */
export interface Typist {
  /** Absent: what a reader has who says nothing, `cluster.yaml`. */
  clusterFile?: string
  signal?: AbortSignal
}

/**
 * Types a block, in a bash of its own. Each of its lines must succeed.
 *
 * @param machine where, after `npm run lab -- ssh NAME`; default the checkout
 * @example
 * await typeBlock({ text: 'systemctl is-active etcd', machine: 'cp-1' }, {})
 */
export function typeBlock(
  { text, machine }: { text: string; machine?: string },
  typist: Typist,
): Promise<Typing> {
  // A login shell has the PATH that a reader has after logging in.
  const remote = `bash -lec ${quote(text)}`
  const command = machine
    ? ['npm', 'run', '--silent', 'lab', '--', 'ssh', machine, remote]
    : ['bash', '-ec', text]
  return typed(command, typist, 180)
}

/** Types `npx zx steps/NN-name.ts …`. */
export function typeStep(
  path: string,
  flags: readonly string[],
  typist: Typist,
): Promise<Typing> {
  return typed(['npx', 'zx', path, ...flags], typist, 600)
}

async function typed(
  [program = '', ...words]: string[],
  { clusterFile, signal }: Typist,
  seconds: number,
): Promise<Typing> {
  const began = performance.now()
  const { CLUSTER: _, ...env } = process.env
  const child = execa(program, words, {
    cwd: repository,
    env: { ...readersOwn(env), ...(clusterFile && { CLUSTER: clusterFile }) },
    extendEnv: false,
    stdin: 'ignore',
    all: true,
    reject: false,
    // A group of its own, so that what npm and bash have started ends, too.
    detached: true,
  })
  const interrupt = () => endGroup(child.pid)
  signal?.addEventListener('abort', interrupt)
  const timer = setTimeout(interrupt, seconds * 1000)
  const { exitCode, all } = await child
  clearTimeout(timer)
  signal?.removeEventListener('abort', interrupt)
  const milliseconds = performance.now() - began
  const late = milliseconds > seconds * 1000
  return {
    exitCode: late ? 1 : (exitCode ?? 1),
    output: late ? `${all}\nit was ended after ${seconds} s` : all,
    milliseconds,
  }
}

// As by Ctrl-C on a terminal.
function endGroup(leader: number | undefined): void {
  try {
    if (leader) process.kill(-leader, 'SIGINT')
  } catch {
    // It has ended by itself.
  }
}

// We run under npm ourselves, which readers' shells do not: scripts of the
// guide look at what npm tells them, and its PATH finds more.
function readersOwn(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const own = Object.entries(env).filter(
    ([name]) => !/^npm_|^INIT_CWD$/.test(name),
  )
  const path = (env.PATH ?? '')
    .split(':')
    .filter((folder) => !/node_modules|node-gyp-bin/.test(folder))
  return { ...Object.fromEntries(own), PATH: path.join(':') }
}
