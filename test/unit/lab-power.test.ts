import { execFile } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, test } from 'vitest'
import { thaw } from '../../lab/cgroup.ts'
import type { MachineStatus } from '../../lab/machines.ts'
import type { OffMaker } from '../../lab/maker.ts'
import type { LabPlan } from '../../lab/plan.ts'
import { killMachines, made, stopMachines } from '../../lab/power-off.ts'

const root = join(import.meta.dirname, '../..')

const temporary = mkdtempSync(join(tmpdir(), 'kfs-power-'))
afterAll(() => rmSync(temporary, { recursive: true }))

const machine = (name: string) => ({
  name,
  address: '10.10.0.11/24',
  hardwareAddress: '02:00:00:00:00:00',
  sshPort: 22,
  size: { cpus: 1, memory: 1024, disk: 1024 },
})
const [one, two] = [machine('cp-1'), machine('cp-2')]

describe('powering machines off', () => {
  test('says of each whether it ended by itself', async () => {
    const { maker, calls } = fake({ 'cp-1': 'running', 'cp-2': 'running' })
    maker.stop = async ({ name }) => name === 'cp-1'
    const said = await spoken(stopMachines, maker)
    expect(said).toEqual([
      expect.stringMatching(/^✓ cp-1 powered off {2}\d+\.\d s$/),
      expect.stringMatching(/^! cp-2 did not power off .*, and was killed$/),
    ])
    expect(calls).toEqual([])
  })

  test('leaves one alone that does not run', async () => {
    const { maker, calls } = fake({ 'cp-1': 'stopped', 'cp-2': 'running' })
    const said = await spoken(stopMachines, maker)
    expect(said).toContain('· cp-1 does not run')
    expect(calls).toEqual(['stop cp-2'])
  })

  test('a power cut also ends what an earlier one left', async () => {
    const { maker, calls } = fake({ 'cp-1': 'stopped', 'cp-2': 'running' })
    const said = await spoken(killMachines, maker)
    expect(said).toEqual(['· cp-1 does not run', '✓ cp-2 killed'])
    expect(calls).toEqual(['kill cp-1', 'kill cp-2'])
  })

  test('refuses machines that were never made, before it touches one', () => {
    const { maker, calls } = fake({ 'cp-1': 'running', 'cp-2': 'missing' })
    const plan = { machines: [one, two] } as LabPlan
    expect(made(maker, plan, ['cp-1'])).toEqual([one])
    expect(() => made(maker, plan, ['cp-1', 'cp-2'])).toThrow(
      'Not made yet: cp-2',
    )
    expect(calls).toEqual([])
  })
})

describe('thawing a cgroup', () => {
  test.each([
    ['freezer.state', 'FROZEN', 'THAWED'],
    ['cgroup.freeze', '1', '0'],
  ])('writes %s at every depth', (file, frozen, thawed) => {
    const folder = mkdtempSync(join(temporary, 'thaw-'))
    const folders = [folder, join(folder, 'pods'), join(folder, 'pods/a')]
    for (const it of folders) {
      mkdirSync(it, { recursive: true })
      writeFileSync(join(it, file), frozen)
    }
    thaw(folder)
    expect(
      folders.map((it) => readFileSync(join(it, file), 'utf8').slice(0, 6)),
    ).toEqual(folders.map(() => thawed))
  })

  test('does nothing where the host cannot freeze', () => {
    const folder = mkdtempSync(join(temporary, 'thaw-'))
    expect(() => thaw(folder)).not.toThrow()
  })
})

describe('npm run lab', () => {
  test('names the machines there are, when one is missing or wrong', async () => {
    expect(await lab('stop')).toMatch(/Which machine\? There are cp-1, cp-2/)
    expect(await lab('kill', 'cp-1', 'cp-9')).toMatch(/No machine cp-9; there/)
    expect(await lab('console', 'nobody')).toMatch(/No machine nobody; there/)
  })

  test('takes one console at a time', async () => {
    expect(await lab('console', 'cp-1', 'cp-2')).toMatch(/too many arguments/)
  })

  test('prints a console to its end', async () => {
    const file = join(temporary, 'console.log')
    writeFileSync(file, 'first boot\nsecond boot\n')
    const program =
      `import { printConsole } from './lab/console.ts'\n` +
      `await printConsole(${JSON.stringify(file)}, { follow: false })`
    expect(await node('--input-type=module', '-e', program)).toBe(
      'first boot\nsecond boot\n',
    )
  })
})

function fake(states: Record<string, MachineStatus>) {
  const calls: string[] = []
  const maker: OffMaker = {
    status: ({ name }) => states[name] ?? 'missing',
    async stop({ name }) {
      calls.push(`stop ${name}`)
      return true
    },
    async kill({ name }) {
      calls.push(`kill ${name}`)
    },
  }
  return { maker, calls }
}

async function spoken(run: typeof stopMachines, maker: OffMaker) {
  const said: string[] = []
  await run(maker, [one, two], (line) => said.push(line))
  return said
}

async function lab(...args: string[]): Promise<string> {
  return node('lab/lab.ts', ...args, '--cluster', 'cluster.yaml')
}

async function node(...args: string[]): Promise<string> {
  const run = promisify(execFile)(process.execPath, args, { cwd: root })
  return run.then(
    ({ stdout }) => stdout,
    ({ stderr }) => stderr,
  )
}
