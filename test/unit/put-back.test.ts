import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { execa } from 'execa'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { loadCluster } from '../../lib/cluster.ts'
import { stateDirectory } from '../../lib/paths.ts'
import { noneDisturbed } from '../../lib/put-back.ts'
import { openState } from '../../lib/state.ts'
import { startStep } from '../../lib/steps.ts'

// A process for each drill, which a busy computer starts slowly.
vi.setConfig({ testTimeout: 60_000 })

const root = resolve(import.meta.dirname, '..', '..')
const clusterFile = join(root, 'single.yaml')
const diaryOf = (folder: string) => join(folder, 'diary')

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kfs-drill-'))
  vi.stubEnv('XDG_STATE_HOME', join(folder, 'state'))
  const cluster = loadCluster(clusterFile)
  const machines = cluster.machines.map(({ name }) => name)
  openState(cluster).recordStep('01', { status: 'applied', machines })
})

afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

const notes = () =>
  existsSync(diaryOf(folder))
    ? readFileSync(diaryOf(folder), 'utf8').trimEnd().split('\n')
    : []

/** A step that is nothing but a drill. */
function drillOf(proof: string): string {
  const file = join(folder, '01-drill.ts')
  writeFileSync(
    file,
    `import { appendFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { step } from ${JSON.stringify(join(root, 'lib', 'step.ts'))}
const note = (text: string) =>
  appendFileSync(${JSON.stringify(diaryOf(folder))}, text + '\\n')
const { drill } = await step(import.meta)
await drill('it goes on', async (putBack) => {
${proof}
})
`,
  )
  return file
}

const started = (file: string) =>
  execa(process.execPath, [file, '--drill', '--cluster', clusterFile], {
    ...{ reject: false, all: true },
  })

const lasting = `
  putBack(async () => {
    note('putting back')
    await sleep(300)
    note('put back')
  })
  note('disturbed')
  await sleep(60_000)`

const isDisturbed = () =>
  vi.waitUntil(() => notes().includes('disturbed'), 30_000)

const whole = ['disturbed', 'putting back', 'put back']

describe('a drill', () => {
  test('puts back what it disturbed, last first', async () => {
    const { exitCode, all } = await started(
      drillOf(`
        putBack(async () => note('first'))
        putBack(async () => note('second'))`),
    )
    expect(all).toContain('✓ drill: it goes on')
    expect(exitCode, all).toBe(0)
    expect(notes()).toEqual(['second', 'first'])
  })

  test('that leaves something disturbed has failed, and says all of it', async () => {
    const { exitCode, all } = await started(
      drillOf(`
        putBack(async () => { throw new Error('etcd stays down') })
        putBack(async () => note('the other'))
        putBack(async () => { throw new Error('so does haproxy') })`),
    )
    expect(exitCode).toBe(1)
    expect(all).toContain('✗ drill: it goes on')
    expect(all).toContain('1 FAILED')
    expect(all).toContain('Not put back')
    expect(all).toContain('etcd stays down')
    expect(all).toContain('so does haproxy')
    expect(notes()).toEqual(['the other'])
  })

  test('that proves nothing and leaves something disturbed says both', async () => {
    const { exitCode, all } = await started(
      drillOf(`
        putBack(async () => { throw new Error('etcd stays down') })
        throw new Error('nobody answers')`),
    )
    expect(exitCode).toBe(1)
    expect(all).toContain('nobody answers')
    expect(all).toContain('etcd stays down')
  })

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)(
    'puts all back on %s, and on more of it',
    async (signal, code) => {
      const running = started(drillOf(lasting))
      await isDisturbed()
      running.kill(signal)
      await vi.waitUntil(() => notes().includes('putting back'), 20_000)
      running.kill(signal)
      running.kill('SIGTERM')
      const { exitCode, all } = await running
      expect(exitCode).toBe(code)
      expect(all).toContain('interrupted: the same command goes on from here')
      expect(notes()).toEqual(whole)
      expect(existsSync(join(stateDirectory('single'), 'lock'))).toBe(false)
    },
  )

  test('puts all back when nobody reads what it prints', async () => {
    const running = started(drillOf(lasting))
    await isDisturbed()
    running.stdout.destroy()
    running.kill('SIGHUP')
    await running
    expect(notes()).toEqual(whole)
  })

  test('puts all back when its runner is interrupted and gives up', async () => {
    const controller = new AbortController()
    const file = drillOf(lasting)
    const { signal } = controller
    const step = startStep(file, ['--drill'], { clusterFile, signal })
    const running = step.run()
    await isDisturbed()
    controller.abort()
    await vi.waitUntil(() => notes().includes('putting back'), 20_000)
    step.abandon()
    expect((await running).exitCode).toBe(130)
    expect(notes()).toEqual(whole)
  })
})

test('whoever asks again while things are put back waits for the same end', async () => {
  const disturbed = noneDisturbed()
  let end: () => void = () => undefined
  disturbed.add(() => new Promise<void>((done) => (end = done)))
  let isOver = false
  const first = disturbed.putBack()
  const second = disturbed.putBack().finally(() => {
    isOver = true
  })
  await Promise.resolve()
  expect(isOver).toBe(false)
  end()
  expect(await first).toEqual([])
  expect(await second).toEqual([])
  expect(await disturbed.putBack()).toEqual([])
})
