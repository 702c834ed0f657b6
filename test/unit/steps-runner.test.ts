import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { GuideError } from '../../lib/errors.ts'
import {
  runStep,
  startStep,
  stepFiles,
  stillStanding,
  undoLaterSteps,
} from '../../lib/steps.ts'

// Each test has a folder of steps of its own, which write what they do into
// one diary, and a process for each, which a busy computer starts slowly.
vi.setConfig({ testTimeout: 60_000 })

let folder: string
let diary: string
const clusterFile = '/nowhere/cluster.yaml'

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kfs-steps-'))
  diary = join(folder, 'diary')
})

afterEach(() => rmSync(folder, { recursive: true }))

function stepFile(name: string, body = '', summary: object = {}): string {
  const file = join(folder, `${name}.ts`)
  const told = { changes: 0, verified: 0, notApplicable: 0, failed: 0 }
  writeFileSync(
    file,
    `import { appendFileSync } from 'node:fs'
const note = (text: string) =>
  appendFileSync(${JSON.stringify(diary)}, text + '\\n')
note([${JSON.stringify(name)}, ...process.argv.slice(2)].join(' '))
${body}
process.once('beforeExit', () => {
  process.send?.(${JSON.stringify({ ...told, ...summary })})
  process.disconnect?.()
})
`,
  )
  return file
}

const notes = () =>
  existsSync(diary) ? readFileSync(diary, 'utf8').trimEnd().split('\n') : []

const standing = (...numbers: string[]) => ({
  steps: () =>
    Object.fromEntries(
      numbers.map((number) => [
        number,
        { status: 'started' as const, machines: [] },
      ]),
    ),
})

describe('the list of steps', () => {
  test('is in order of the numbers, without what is no step', () => {
    for (const name of ['10-b', '02-a-c', '5-short', '07_wrong', 'README']) {
      stepFile(name)
    }
    expect(stepFiles(folder)).toEqual([
      { number: '02', name: 'a-c', file: join(folder, '02-a-c.ts') },
      { number: '10', name: 'b', file: join(folder, '10-b.ts') },
    ])
  })

  test('has fourteen in the guide, numbered without a gap', () => {
    const numbers = stepFiles().map(({ number }) => Number(number))
    expect(numbers).toEqual(Array.from({ length: 14 }, (_, at) => at + 1))
  })
})

describe('a run of one step', () => {
  test('gets the flags and the cluster, and returns what the step told', async () => {
    const file = stepFile('01-a', '', { changes: 3, transferMilliseconds: 7 })
    const run = await runStep(file, ['--no-verify'], { clusterFile })
    expect(notes()).toEqual([`01-a --no-verify --cluster ${clusterFile}`])
    expect(run.exitCode).toBe(0)
    expect(run.summary).toMatchObject({ changes: 3, transferMilliseconds: 7 })
    expect(run.milliseconds).toBeGreaterThan(0)
  })

  test('keeps the lines of both its streams in order', async () => {
    const file = stepFile(
      '01-a',
      `for (const number of [1, 2, 3]) {
        console.log('out ' + number)
        console.error('error ' + number)
      }
      process.stdout.write('no newline')`,
    )
    const seen: string[] = []
    const onLine = (line: string) => seen.push(line)
    const { output } = await runStep(file, [], { clusterFile, onLine })
    expect(output).toEqual([
      ...['out 1', 'error 1', 'out 2', 'error 2', 'out 3', 'error 3'],
      'no newline',
    ])
    expect(seen).toEqual(output)
  })

  test('ends as the step ended', async () => {
    const file = stepFile('01-a', `console.error('why'); process.exit(7)`)
    const { exitCode, summary, output } = await runStep(file, [], {
      clusterFile,
    })
    expect({ exitCode, summary, output }).toEqual({
      exitCode: 7,
      output: ['why'],
    })
  })

  test('is a failure when the step ends without telling anything', async () => {
    const file = stepFile('01-a', 'process.exit(0)')
    const { exitCode, output } = await runStep(file, [], { clusterFile })
    expect(exitCode).toBe(1)
    expect(output.at(-1)).toMatch(/ended in the middle/)
  })

  test('says by which signal the step was ended', async () => {
    const file = stepFile('01-a', `process.kill(process.pid, 'SIGKILL')`)
    const { exitCode, output } = await runStep(file, [], { clusterFile })
    expect(exitCode).toBe(137)
    expect(output.at(-1)).toMatch(/SIGKILL/)
  })

  test('interrupts the step once, and waits for its end', async () => {
    const file = stepFile(
      '01-a',
      `process.on('SIGINT', () => {
        note('interrupted')
        setTimeout(() => { note('put back'); process.exit(130) }, 100)
      })
      console.log('ready')
      setTimeout(() => {}, 60_000)`,
    )
    const controller = new AbortController()
    const { exitCode } = await runStep(file, [], {
      clusterFile,
      signal: controller.signal,
      onLine: () => controller.abort(),
    })
    expect(exitCode).toBe(130)
    expect(notes().slice(1)).toEqual(['interrupted', 'put back'])
  })
})

test('a step is interrupted when its runner was killed', async () => {
  const file = stepFile(
    '01-a',
    `process.on('SIGINT', () => {
      console.log('to a pipe that nobody reads')
      note('interrupted')
      process.exit(130)
    })
    note('ready')
    setTimeout(() => {}, 60_000)`,
  )
  const library = join(import.meta.dirname, '..', '..', 'lib', 'steps.ts')
  const main = join(folder, 'main.mts')
  writeFileSync(
    main,
    `import { runStep } from ${JSON.stringify(library)}
await runStep(${JSON.stringify(file)}, [], { clusterFile: '/nowhere' })`,
  )
  const runner = execa(process.execPath, [main], { reject: false })
  await vi.waitUntil(() => notes().includes('ready'), 20_000)
  runner.kill('SIGKILL')
  await runner
  await vi.waitUntil(() => notes().includes('interrupted'), 20_000)
}, 60_000)

describe('a step that is started ahead', () => {
  test('does nothing before the word to go', async () => {
    const waiting = startStep(stepFile('01-a'), [], { clusterFile })
    await sleep(1000)
    expect(notes()).toEqual([])
    expect((await waiting.run()).exitCode).toBe(0)
    expect(notes()).toHaveLength(1)
  })

  test('says why, when it has ended before the word', async () => {
    const file = stepFile('01-a')
    writeFileSync(file, 'import { missing } from "node:fs"\nmissing()')
    const waiting = startStep(file, [], { clusterFile })
    expect((await waiting.run()).output.join('\n')).toMatch(/missing/)
    const broken = startStep(file, [], { clusterFile })
    broken.abandon()
    await sleep(300)
    const { exitCode, output } = await broken.run()
    expect(exitCode).toBe(143)
    expect(output.at(-1)).toMatch(/SIGTERM/)
  })

  test('does nothing at all when it is abandoned', async () => {
    const waiting = startStep(stepFile('01-a'), [], { clusterFile })
    waiting.abandon()
    const { exitCode } = await waiting.run()
    expect(exitCode).not.toBe(0)
    expect(notes()).toEqual([])
  })
})

describe('undoing a step that others stand on', () => {
  const plain = { cascade: false, forget: false, argv: [] }

  test('is nothing special when no later one stands', async () => {
    await undoLaterSteps(standing('01', '05'), '05', plain)
    expect(notes()).toEqual([])
  })

  test('is refused, with the later ones and the command', async () => {
    const refused = undoLaterSteps(standing('09', '05', '11'), '05', plain)
    await expect(refused).rejects.toThrow(/^05 cannot .*: 11, 09$/)
    expect(stillStanding('05', ['06'], true).next[0]).toContain(
      'npm run steps -- --undo --from 05 --cascade --forget',
    )
  })

  test('with --cascade undoes them first, the highest first', async () => {
    vi.spyOn(console, 'log').mockImplementation(() => undefined)
    for (const name of ['05-e', '06-f', '07-g', '08-h']) stepFile(name)
    const argv = ['--undo', '--cascade', '--cluster', clusterFile]
    await undoLaterSteps(standing('05', '06', '08'), '05', {
      ...{ cascade: true, forget: true, argv, folder },
    })
    expect(notes()).toEqual([
      `08-h --undo --forget --cluster ${clusterFile}`,
      `06-f --undo --forget --cluster ${clusterFile}`,
    ])
  })

  test('stops at one that cannot be undone', async () => {
    vi.spyOn(console, 'log').mockImplementation(() => undefined)
    stepFile('06-f')
    stepFile('07-g', 'process.exit(1)')
    const undoing = undoLaterSteps(standing('05', '06', '07'), '05', {
      ...{ cascade: true, forget: false, argv: [], folder },
    })
    await expect(undoing).rejects.toThrow(/05 was not undone: 07/)
    expect(notes()).toHaveLength(1)
  })

  test('stops at one that this guide does not have', async () => {
    const undoing = undoLaterSteps(standing('05', '77'), '05', {
      ...{ cascade: true, forget: false, argv: [], folder },
    })
    await expect(undoing).rejects.toBeInstanceOf(GuideError)
  })
})
