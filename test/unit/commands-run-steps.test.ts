import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { execa } from 'execa'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Interrupted } from '../../commands/shared/interrupt.ts'
import { openLog } from '../../commands/shared/log.ts'
import {
  type Order,
  resultOf,
  runSteps,
} from '../../commands/shared/run-steps.ts'
import { screenOn } from '../../commands/shared/screen.ts'
import { GuideError } from '../../lib/errors.ts'
import { stepFiles } from '../../lib/steps.ts'

const repository = resolve(import.meta.dirname, '..', '..')
const none = { changes: 0, looked: 0, verified: 0, notApplicable: 0, failed: 0 }
// Each test starts processes, and a busy computer starts them slowly.
vi.setConfig({ testTimeout: 60_000 })

let folder: string
let printed: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kfs-run-'))
  printed = ''
})

afterEach(() => rmSync(folder, { recursive: true }))

function stepFile(name: string, body: string, summary: object = {}): void {
  const told = JSON.stringify({ ...none, ...summary })
  writeFileSync(
    join(folder, `${name}.ts`),
    `${body}
process.once('beforeExit', () => {
  process.send?.(${told})
  process.disconnect?.()
})
`,
  )
}

function session(signal = new AbortController().signal) {
  const write = (text: string) => {
    printed += text
  }
  return { screen: screenOn({ write }), log: openLog(folder), signal }
}

const order = (more: Partial<Order> = {}): Order => ({
  ...{ clusterFile: '/nowhere.yaml', verb: 'apply', flags: [] },
  ...{ steps: stepFiles(folder), verbose: false },
  resume: ({ number }) => `npm run steps -- --from ${number}`,
  ...more,
})

const failed = async (running: Promise<unknown>): Promise<GuideError> => {
  const error: unknown = await running.catch((it) => it)
  if (error instanceof GuideError) return error
  throw new Error(`it did not fail as it should: ${error}`)
}

describe('steps one after the other', () => {
  test('print a line each, and nothing of what goes well', async () => {
    const say = `console.log('  ✓ cp-1  0.1 s  ok')`
    stepFile('05-etcd', say, { changes: 12, verified: 3 })
    stepFile('08-api-balancer', say, { verified: 2, notApplicable: 1 })
    const { total, done } = await runSteps(order(), session())
    const lines = printed.replaceAll(/\d\.\d s/g, 'N s').split('\n')
    expect(lines).toEqual([
      '✓ 05 etcd            N s  12 changed, 3 verified',
      '✓ 08 api balancer    N s  no changes, 2 verified, 1 not applicable',
      '',
    ])
    expect(done.map(({ step }) => step.number)).toEqual(['05', '08'])
    expect(total).toMatchObject({ changes: 12, verified: 5 })
  })

  test('are run in the order that was asked for', async () => {
    stepFile('01-a', `console.log('a')`)
    stepFile('02-b', `console.log('b')`)
    const steps = stepFiles(folder).reverse()
    const { log, ...rest } = session()
    await runSteps(order({ steps, verb: 'undo' }), { log, ...rest })
    expect(readFileSync(log.file, 'utf8')).toMatch(
      /## 02 b[^#]*b\n[^#]*## 01 a/,
    )
  })

  test('show what asks for attention, and log everything', async () => {
    stepFile('02-spec', `console.log('  ! swap is on\\n  ✓ cp-1 is fine')`)
    const { log, ...rest } = session()
    await runSteps(order(), { log, ...rest })
    expect(printed).toMatch(/^ {2}! swap is on\n✓ 02 spec/)
    expect(readFileSync(log.file, 'utf8')).toContain('cp-1 is fine')
  })

  test('stop at one that fails, and say what it said and how to go on', async () => {
    stepFile('01-a', '')
    stepFile(
      '02-b',
      `console.log('  ✓ cp-1  ok\\n  ✗ cp-2')
       console.error('cp-2: the disk is full\\n  → df -h')
       process.exit(1)`,
    )
    stepFile('03-c', '')
    const { log, ...rest } = session()
    const error = await failed(runSteps(order(), { log, ...rest }))
    expect(error.message).toBe(
      '  ✗ cp-2\ncp-2: the disk is full\n  → df -h\nStep 02 b failed',
    )
    expect(error.next).toEqual([
      `all that it said: ${log.file}`,
      'to go on from here: npm run steps -- --from 02',
    ])
    expect(printed).toMatch(/✓ 01 a .*\n✗ 02 b/)
    expect(printed).not.toContain('03 c')
  })

  test('fail when a check failed, although the step came to its end', async () => {
    stepFile('01-a', 'process.exitCode = 1', { verified: 2, failed: 1 })
    await failed(runSteps(order(), session()))
    expect(printed).toMatch(/✗ 01 a .* no changes, 2 verified, 1 failed/)
  })

  test('are interrupted, and say the command that goes on', async () => {
    stepFile(
      '01-a',
      `process.on('SIGINT', () => process.exit(130))
       console.log('ready')
       setTimeout(() => {}, 60_000)`,
    )
    stepFile('02-b', '')
    const controller = new AbortController()
    const { log, ...rest } = session(controller.signal)
    const write = (line: string) => {
      if (line === 'ready') controller.abort()
    }
    const watching = { ...rest, log: { ...log, write } }
    const error = await failed(runSteps(order(), watching))
    expect(error).toBeInstanceOf(Interrupted)
    expect(error.message).toBe('Interrupted at step 01 a')
    expect(error.next[0]).toContain('npm run steps -- --from 01')
    expect(printed).not.toContain('02 b')
  })
})

test('Ctrl-C, twice at once as npm sends it, ends a command with 130', async () => {
  stepFile(
    '01-a',
    `process.on('SIGINT', () => {
       console.log('  ! told')
       setTimeout(() => process.exit(130), 200)
     })
     console.log('  ! ready')
     setTimeout(() => {}, 60_000)`,
  )
  const main = join(folder, 'main.ts')
  writeFileSync(
    main,
    `import { command } from '${repository}/commands/shared/command.ts'
import { runSteps } from '${repository}/commands/shared/run-steps.ts'
import { beginSession } from '${repository}/commands/shared/session.ts'
import { stepFiles } from '${repository}/lib/steps.ts'
await command(async () => {
  const session = beginSession({ directory: '${folder}' }, { changes: true })
  await runSteps(
    {
      clusterFile: '/nowhere', verb: 'apply', flags: [], verbose: false,
      steps: stepFiles('${folder}'), resume: () => 'the same command',
    },
    session,
  )
  return 0
})
`,
  )
  const child = execa(process.execPath, [main], { reject: false, all: true })
  let sent = false
  child.stdout.on('data', (text) => {
    if (sent || !String(text).includes('ready')) return
    sent = true
    child.kill('SIGINT')
    child.kill('SIGINT')
  })
  const { exitCode, all } = await child
  expect(exitCode).toBe(130)
  expect(all.match(/! told/g)).toHaveLength(1)
  expect(all).toMatch(/Interrupted at step 01 a\n.*the same command/)
})

describe('what a run did, in words', () => {
  const words = (verb: Order['verb'], summary = {}) =>
    resultOf(verb, { ...none, ...summary })

  test.each([
    ['apply', {}, 'no changes'],
    ['apply', { changes: 1, failed: 2 }, '1 changed, 2 failed'],
    ['plan', {}, 'nothing to change'],
    ['plan', { changes: 4 }, '4 to change'],
    ['undo', { changes: 4 }, '4 taken back'],
    ['verify', { verified: 3 }, '3 verified'],
    ['verify', {}, 'nothing to verify'],
    ['drill', { verified: 1 }, '1 proven'],
    ['drill', {}, 'no drills'],
  ] as const)('%s %j: %s', (verb, summary, expected) => {
    expect(words(verb, summary)).toBe(expected)
  })
})
