import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { onTestFinished, vi } from 'vitest'
import { architectureHere } from '../../lib/artifacts/artifact.ts'
import { cacheFile } from '../../lib/artifacts/cache.ts'
import { hostLacks } from '../e2e/requirements.ts'
import { versionOf } from '../reference/help.ts'

// Real programs start, on computers that do other things as well: this only
// ends what hangs.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

/**
 * Why these programs cannot be run here, or undefined. In CI nothing may be
 * missing: what is skipped there, nobody has looked at.
 *
 * @param programs those of the guide: programs, and images that have some
 * @param root true for tests that make namespaces
 * @param system programs of the operating system
 */
export function lackOf(
  programs: readonly string[],
  { root = false, system = [] as readonly string[] } = {},
): string | undefined {
  const absent = programs.filter((name) => !existsSync(pathOf(name)))
  const lacks = [
    ...absent.map((name) => `${name} is not in the cache: npm run artifacts`),
    ...system.filter((name) => !isInstalled(name)).map((name) => `no ${name}`),
    ...(root ? hostLacks() : []),
  ]
  if (lacks.length === 0) return
  const reason = lacks.join(', ')
  if (process.env.CI) throw new Error(reason)
  console.warn(`troubles are not provoked: ${reason}`)
  return reason
}

function isInstalled(name: string): boolean {
  return ['/usr/sbin', '/usr/bin', '/sbin', '/bin'].some((folder) =>
    existsSync(join(folder, name)),
  )
}

/** Where the operator's cache has a program or an image of the guide. */
export function pathOf(name: string): string {
  const version = versionOf(name)
  const architecture = architectureHere() ?? 'amd64'
  return cacheFile({ name, version, architecture })
}

/** Runs a program to its end with an input, and gives what it printed. */
export async function printedBy(
  program: string,
  args: readonly string[],
  input = '',
): Promise<string> {
  const options = { all: true, reject: false, input } as const
  return (await execa(pathOf(program), args, options)).all
}

/** A program that runs on. */
export interface Running {
  /** All that it has printed until now. */
  said(): string
  /** Ends it, and waits until it has ended. */
  stop(): Promise<void>
}

/** Starts a program that runs on; whoever starts it stops it. */
export function start(program: string, args: readonly string[]): Running {
  const child = spawn(pathOf(program), args, {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(child, 'close')
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (piece) => {
      text += piece
    })
  }
  return {
    said: () => text,
    async stop() {
      // It has no state that anybody wants.
      child.kill('SIGKILL')
      await ended
    },
  }
}

/**
 * Runs a script where its network, mounts and processes are its own, and end
 * with it, or with the test. Only loopback is up.
 *
 * @param values what the script finds as variables of its environment
 */
export async function apart(
  script: string,
  values: Record<string, string> = {},
): Promise<string> {
  const namespaces = ['--net', '--mount', '--pid', '--mount-proc']
  const child = execa(
    'unshare',
    [...namespaces, '--fork', '--kill-child', 'bash', '-c'].concat(
      `ip link set lo up\n${script}`,
    ),
    { all: true, reject: false, stdin: 'ignore', env: values },
  )
  onTestFinished(() => void child.kill('SIGKILL'))
  return (await child).all
}
