import { readFileSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { execa } from 'execa'
import { GuideError } from '../errors.ts'

const queues = new Map<string, Promise<unknown>>()

interface Waiting {
  waiting?: (holder: string) => void
  signal?: AbortSignal
}

/**
 * Does some work while nobody else does work under the same lock, neither in
 * this process nor in another. The kernel holds the lock (flock), so it ends
 * with the process, even with a killed one.
 *
 * @param file the lock; made if missing, never removed
 * @param work what to do
 * @param options whom to tell who else holds it, and what ends the waiting
 * @throws {GuideError} when the program `flock` is missing
 * @example
 * await exclusively('/tmp/etcd.lock', () => fetchEtcd())
 * @see man 1 flock
 */
export async function exclusively<T>(
  file: string,
  work: () => Promise<T>,
  { waiting, signal }: Waiting = {},
): Promise<T> {
  const before = queues.get(file)
  const turn = (async () => {
    await before?.catch(() => undefined)
    return await acrossProcesses(file, work, waiting, signal)
  })()
  queues.set(file, turn)
  try {
    return await turn
  } finally {
    if (queues.get(file) === turn) queues.delete(file)
  }
}

async function acrossProcesses<T>(
  file: string,
  work: () => Promise<T>,
  waiting: Waiting['waiting'],
  signal: AbortSignal | undefined,
): Promise<T> {
  await mkdir(dirname(file), { recursive: true })
  // The shell keeps the lock until its stdin ends, which it does with us.
  // A group of its own keeps it away from Ctrl-C, while we still clean up.
  const holder = execa('flock', [file, 'sh', '-c', 'echo held; read -r x'], {
    stdout: 'pipe',
    buffer: false,
    detached: true,
    reject: false,
    ...(signal && { cancelSignal: signal }),
  })
  const held = new Promise<void>((resolve, reject) => {
    holder.stdout.once('data', () => resolve())
    holder.then(({ message, isCanceled }) => {
      if (isCanceled) return reject(signal?.reason)
      reject(
        new GuideError(`Cannot lock ${file}: ${message ?? 'flock ended'}`, [
          'install util-linux, which has the program flock',
        ]),
      )
    })
  })
  const timer = setTimeout(() => waiting?.(whoHolds(file)), 300)
  try {
    await held
    clearTimeout(timer)
    const command = process.argv.slice(1, 3).join(' ')
    writeFileSync(file, `process ${process.pid} (${command})`)
    return await work()
  } finally {
    clearTimeout(timer)
    holder.stdin.end()
    await holder
  }
}

function whoHolds(file: string): string {
  try {
    return readFileSync(file, 'utf8') || 'another run'
  } catch {
    return 'another run'
  }
}
