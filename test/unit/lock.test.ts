import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  linkSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { renderError } from '../../lib/errors.ts'
import { takeLock, underOurLock } from '../../lib/lock.ts'

// Processes start slowly on a busy computer.
vi.setConfig({ testTimeout: 60_000 })

const program = join(import.meta.dirname, 'hold-lock.ts')
let folder: string
let started: Competitor[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kfs-lock-'))
  started = []
})

afterEach(async () => {
  await Promise.all(started.map((it) => end(it)))
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

interface Competitor {
  child: ChildProcessWithoutNullStreams
  lines: AsyncIterator<string>
}

/** Another process, ready to take the lock. */
async function competitor(env = {}): Promise<Competitor> {
  const child = spawn(process.execPath, [program], {
    env: { ...process.env, ...env },
  })
  child.stdin.on('error', () => undefined)
  const lines: Interface = createInterface({ input: child.stdout })
  const it = { child, lines: lines[Symbol.asyncIterator]() }
  started.push(it)
  expect(await said(it)).toBe('ready')
  return it
}

async function said({ lines }: Competitor): Promise<string> {
  return (await lines.next()).value
}

/** Has it try, and tells what it said. */
function tries(it: Competitor): Promise<string> {
  it.child.stdin.write(`${folder}\n`)
  return said(it)
}

async function end({ child }: Competitor, signal?: NodeJS.Signals) {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  if (signal) child.kill(signal)
  else child.stdin.end()
  await exited
}

function reasonOf(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    return renderError(error)
  }
  throw new Error('it should have failed')
}

test('a lock that was given back can be taken again', () => {
  takeLock(folder)()
  takeLock(folder)()
  expect(readdirSync(folder)).toEqual([])
})

test('the lock is for its owner alone to read', () => {
  const release = takeLock(folder)
  expect(statSync(join(folder, 'lock')).mode & 0o777).toBe(0o600)
  expect(readdirSync(folder)).toEqual(['lock'])
  release()
})

test('a lock is refused while its holder lives, who is named', async () => {
  const holder = await competitor()
  expect(await tries(holder)).toBe('held')
  const reason = reasonOf(() => takeLock(folder))
  expect(reason).toContain(`process ${holder.child.pid} on ${hostname()}`)
  expect(reason).toContain(program)
  expect(reason).toMatch(/since 2\d{3}-\d\d-\d\dT/)
  expect(reason).toContain('→ wait until it has finished')
  expect(readdirSync(folder)).toEqual(['lock'])

  await end(holder)
  takeLock(folder)()
})

test('the lock of a process that was killed is taken over', async () => {
  const holder = await competitor()
  await tries(holder)
  await end(holder, 'SIGKILL')
  expect(readdirSync(folder)).toEqual(['lock'])
  const release = takeLock(folder)
  expect(lockNow()).toMatchObject({ pid: process.pid })
  release()
  expect(readdirSync(folder)).toEqual([])
})

test('a killed process that nobody waited for holds nothing', async () => {
  // A parent that never asks how its child ended, such as pid 1 of many a
  // container, keeps it as a zombie.
  const parent = spawn('bash', [
    '--norc',
    '-c',
    'exec 3<&0; "$0" "$1" <&3 & exec sleep 60 </dev/null',
    process.execPath,
    program,
  ])
  const lines = createInterface({ input: parent.stdout })
  const it = { child: parent, lines: lines[Symbol.asyncIterator]() }
  expect(await said(it)).toBe('ready')
  expect(await tries(it)).toBe('held')
  const { pid } = lockNow()
  process.kill(pid, 'SIGKILL')
  await vi.waitUntil(
    () => readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z '),
    { timeout: 10_000, interval: 10 },
  )
  takeLock(folder)()
  await end(it, 'SIGKILL')
})

test('the lock of a process whose number was used again is taken over', () => {
  writeLock({ pid: process.pid, started: '1', host: hostname() })
  takeLock(folder)()
})

test('a lock of another computer stands, for we cannot look there', () => {
  writeLock({ pid: 1, started: '1', host: 'elsewhere', command: 'a step' })
  const reason = reasonOf(() => takeLock(folder))
  expect(reason).toContain('process 1 on elsewhere')
  expect(reason).toContain('a step')
  expect(reason).toContain(`rm ${join(folder, 'lock')}`)
})

test.each(['', '{', 'null', '"text"'])(
  'a lock that says %j, as after a power cut, is taken over',
  (text) => {
    writeFileSync(join(folder, 'lock'), text)
    const release = takeLock(folder)
    expect(lockNow()).toMatchObject({ pid: process.pid })
    release()
    expect(readdirSync(folder)).toEqual([])
  },
)

test('a child of the holder works under its lock', async () => {
  const release = takeLock(folder)
  const child = await competitor(underOurLock())
  expect(await tries(child)).toBe('held')
  await end(child)
  // It was not the child's to give back.
  expect(lockNow()).toMatchObject({ pid: process.pid })
  release()
})

test('a process that claims another holder is not let in', async () => {
  const release = takeLock(folder)
  const other = await competitor({ KFS_LOCK_HOLDER: '1' })
  expect(await tries(other)).toContain(`process ${process.pid}`)
  release()
})

test('of ten that want it at once, one gets a free or a dead lock', async () => {
  const all = await Promise.all(Array.from({ length: 10 }, () => competitor()))
  const winners = async () => {
    const results = await Promise.all(all.map(tries))
    expect(readdirSync(folder)).toEqual(['lock'])
    return results.filter((result) => result === 'held').length
  }
  expect(await winners()).toBe(1)
  expect(await winners()).toBe(0)
  for (let round = 0; round < 20; round++) {
    writeLock({ pid: 4_194_305, started: `${round}`, host: hostname() })
    expect(await winners()).toBe(1)
  }
})

test('one that died while it took over does not bar the way', () => {
  const host = hostname()
  writeLock({ pid: 4_194_305, started: '1', host })
  writeLock({ pid: 4_194_306, started: '2', host }, 'lock-after-4194305-1')
  takeLock(folder)()
  expect(readdirSync(folder)).toEqual([])
})

// In a container the first process has the same number each time.
test('one that died with our number does not bar the way', () => {
  writeLock({ pid: process.pid, started: '1', host: hostname() })
  linkSync(join(folder, 'lock'), join(folder, `lock.${process.pid}`))
  takeLock(folder)()
  expect(readdirSync(folder)).toEqual([])
})

function writeLock(holder: object, name = 'lock') {
  writeFileSync(join(folder, name), JSON.stringify(holder))
}

function lockNow() {
  return JSON.parse(readFileSync(join(folder, 'lock'), 'utf8'))
}
