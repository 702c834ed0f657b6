import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { execa } from 'execa'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { readArguments } from '../../commands/shared/arguments.ts'
import { benchCluster } from '../../commands/shared/bench-clusters.ts'
import { openLog } from '../../commands/shared/log.ts'
import { screenOn } from '../../commands/shared/screen.ts'
import { selectSteps, selectUndo } from '../../commands/shared/select.ts'
import { table } from '../../commands/shared/table.ts'
import { verbOf } from '../../commands/shared/verb.ts'
import { loadCluster } from '../../lib/cluster.ts'
import { takeLock } from '../../lib/lock.ts'

const repository = resolve(import.meta.dirname, '..', '..')
// Each test starts processes, and a busy computer starts them slowly.
vi.setConfig({ testTimeout: 60_000 })

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kfs-commands-'))
})

afterEach(() => rmSync(folder, { recursive: true }))

// A command as npm runs it, with folders of its own.
function run(script: string, args: string[] = [], env = {}) {
  const file = join(repository, 'commands', `${script}.ts`)
  return execa(process.execPath, [file, ...args], {
    reject: false,
    cwd: folder,
    env: {
      ...{ CLUSTER: '', INIT_CWD: '', npm_lifecycle_event: '' },
      ...{ XDG_STATE_HOME: folder, XDG_CACHE_HOME: join(folder, 'cache') },
      ...env,
    },
  })
}

const stateFolder = (name: string) =>
  join(folder, 'kubernetes-from-scratch', name)

function clusterFile(text: string): string {
  const file = join(folder, 'cluster.yaml')
  writeFileSync(file, text)
  return file
}

const ownMachine = `
name: own
machines:
  - { name: box, address: 192.0.2.11, roles: [control-plane, worker] }
networks:
  machines: 192.0.2.0/24
  pods: 10.20.0.0/16
  services: 10.30.0.0/16
`

describe('arguments', () => {
  const read = (argv: string[], env = {}) =>
    readArguments(
      'usage: npm run it',
      { undo: { type: 'boolean' }, 'no-verify': { type: 'boolean' } },
      argv,
      env,
    )

  test('are refused with the usage when they are not known', () => {
    expect(() => read(['--bla'])).toThrow(
      /no flag --bla\n[\s\S]*usage: npm run it/,
    )
    expect(() => read(['bla'])).toThrow(/usage: npm run it/)
  })

  test('select the cluster', () => {
    expect(read(['--cluster', '/a.yaml']).clusterFile).toBe('/a.yaml')
    expect(read([], { CLUSTER: '/b.yaml' }).clusterFile).toBe('/b.yaml')
  })

  test('are refused when npm took them, so that undo is never apply', () => {
    const npm = { npm_lifecycle_event: 'steps' }
    expect(() => read([], { ...npm, npm_config_undo: 'true' })).toThrow(
      /npm took --undo/,
    )
    expect(() => read([], { ...npm, npm_config_verify: '' })).toThrow(
      /npm took --no-verify/,
    )
    expect(() => read([], { npm_config_undo: 'true' })).not.toThrow()
  })
})

describe('the verb', () => {
  test.each([
    [{ plan: true, undo: true }, /--plan and --undo cannot go together/],
    [{ forget: true }, /--forget goes with --undo only/],
    [{ cascade: true, drill: true }, /--cascade goes with --undo only/],
    [{ 'no-verify': true, verify: true }, /--no-verify and --verify cannot/],
    [{ undo: true }, /--undo needs --from/],
  ])('is refused in %j, with the usage', (flags, message) => {
    expect(() => verbOf(flags, 'the usage')).toThrow(message)
    expect(() => verbOf(flags, 'the usage')).toThrow(/the usage$/)
  })

  test('is to apply when no flag says otherwise', () => {
    expect(verbOf({ 'no-verify': true, from: '05' }, '')).toBe('apply')
    expect(verbOf({ undo: true, forget: true, from: '05' }, '')).toBe('undo')
  })
})

describe('a range of steps', () => {
  const all = ['01', '02', '05', '06', '09'].map((number) => ({
    ...{ number, name: 'x', file: `/steps/${number}-x.ts` },
  }))
  const numbers = (steps: { number: string }[]) =>
    steps.map(({ number }) => number).join(' ')
  const state = (...standing: string[]) => ({
    steps: () =>
      Object.fromEntries(
        standing.map((number) => [
          number,
          { status: 'applied' as const, machines: [] },
        ]),
      ),
  })
  const plain = { cascade: false, forget: false }

  test('is all of them, or what lies between two of them', () => {
    expect(numbers(selectSteps(all, {}))).toBe('01 02 05 06 09')
    expect(numbers(selectSteps(all, { from: '2', to: '06' }))).toBe('02 05 06')
  })

  test('is refused when there is no such step', () => {
    expect(() => selectSteps(all, { from: '03' })).toThrow(
      /--from: found 03[\s\S]*05 x/,
    )
    expect(() => selectSteps(all, { to: 'etcd' })).toThrow(/--to: found etcd/)
    expect(() => selectSteps(all, { to: '' })).toThrow(/--to: found/)
  })

  test('is refused when it ends before it begins', () => {
    expect(() => selectSteps(all, { from: '06', to: '02' })).toThrow(
      /the end before the beginning/,
    )
  })

  test('is undone from high to low, without what does not stand', () => {
    const steps = selectUndo(
      all,
      { from: '02' },
      state('01', '02', '06'),
      plain,
    )
    expect(numbers(steps)).toBe('06 02')
  })

  test('is not undone while later ones stand', () => {
    const range = { from: '02', to: '05' }
    const standing = state('02', '05', '06', '09')
    expect(() => selectUndo(all, range, standing, plain)).toThrow(
      /^05 cannot .*: 09, 06$/,
    )
    const cascade = { cascade: true, forget: false }
    expect(numbers(selectUndo(all, range, standing, cascade))).toBe(
      '09 06 05 02',
    )
  })
})

describe('the screen', () => {
  const written = (isTTY: boolean) => {
    let text = ''
    const stream = { isTTY, columns: 10, write: (it: string) => (text += it) }
    const screen = screenOn(stream)
    screen.show('a line that is too long')
    screen.print('done')
    screen.show('next')
    screen.show('')
    return text
  }

  test('replaces its last line on a terminal, and never wraps it', () => {
    expect(written(true)).toBe('a line th\r\u001b[Kdone\nnext\r\u001b[K')
  })

  test('prints plain lines anywhere else', () => {
    expect(written(false)).toBe('done\n')
  })
})

describe('the log', () => {
  test('is readable by its owner alone, and the newest twenty are kept', () => {
    for (let second = 0; second < 25; second++) {
      openLog(folder, new Date(Date.UTC(2030, 0, 1, 0, 0, second)))
    }
    const names = readdirSync(join(folder, 'logs'))
    expect(names).toHaveLength(20)
    expect(names[0]).toBe('2030-01-01T00-00-05.log')
    const { mode } = statSync(join(folder, 'logs', '2030-01-01T00-00-24.log'))
    expect(mode & 0o777).toBe(0o600)
  })
})

describe('npm run kubeconfig and kubectl', () => {
  test('say what makes the kubeconfig when there is none', async () => {
    const file = clusterFile(ownMachine)
    const first = await run('kubeconfig', ['--cluster', file])
    expect(first.exitCode).toBe(1)
    expect(first.stdout).toBe('')
    expect(first.stderr).toMatch(/own has no kubeconfig[\s\S]*npm run up/)
    const second = await run('kubectl', ['get', 'nodes'], { CLUSTER: file })
    expect(second.exitCode).toBe(1)
    expect(second.stderr).toMatch(/own has no kubeconfig/)
  })

  test('print the path, and nothing else', async () => {
    const path = join(stateFolder('own'), 'kubeconfig', 'admin.yaml')
    mkdirSync(join(stateFolder('own'), 'kubeconfig'), { recursive: true })
    writeFileSync(path, 'kind: Config\n')
    const CLUSTER = clusterFile(ownMachine)
    const { stdout, exitCode } = await run('kubeconfig', [], { CLUSTER })
    expect({ stdout, exitCode }).toEqual({ stdout: path, exitCode: 0 })
  })
})

describe('npm run steps', () => {
  test('changes nothing when it is refused', async () => {
    const file = clusterFile(ownMachine)
    const args = ['--from', '15', '--cluster', file]
    const { stderr, exitCode } = await run('steps', args)
    expect(stderr).toMatch(/found 15, allowed: the number of a step/)
    expect(exitCode).toBe(1)
    expect(existsSync(stateFolder('own'))).toBe(false)
  })

  test('says who holds the lock of the cluster', async () => {
    const file = clusterFile(ownMachine)
    mkdirSync(stateFolder('own'), { recursive: true })
    const release = takeLock(stateFolder('own'))
    for (const args of [[], ['--drill'], ['--undo', '--from', '01']]) {
      const { stderr, exitCode } = await run('steps', [
        ...[...args, '--cluster', file],
      ])
      expect(exitCode).toBe(1)
      expect(stderr).toContain(`process ${process.pid}`)
    }
    release()
  })

  test('undoes nothing, and says so, when nothing stands', async () => {
    const file = clusterFile(ownMachine)
    const args = ['--undo', '--from', '01', '--cluster', file]
    const { stdout, exitCode } = await run('steps', args)
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/0 steps .* nothing to take back/)
  })
})

describe('npm run down', () => {
  test('refuses machines that are not the lab’s, and says what works', async () => {
    const file = clusterFile(ownMachine)
    mkdirSync(stateFolder('own'), { recursive: true })
    const { stderr, exitCode } = await run('down', ['--cluster', file])
    expect(exitCode).toBe(1)
    expect(stderr).toContain(
      `npm run steps -- --undo --from 01 --forget --cluster ${file}`,
    )
    expect(existsSync(stateFolder('own'))).toBe(true)
  })

  test('refuses while another run holds the lock', async () => {
    const file = clusterFile(`lab: { machines: container }${ownMachine}`)
    mkdirSync(stateFolder('own'), { recursive: true })
    const release = takeLock(stateFolder('own'))
    const { stderr, exitCode } = await run('down', ['--cluster', file])
    release()
    expect(exitCode).toBe(1)
    expect(stderr).toContain(`process ${process.pid}`)
    expect(existsSync(stateFolder('own'))).toBe(true)
  })

  test('refuses the state folder of another cluster', async () => {
    const file = clusterFile(`lab: { machines: container }${ownMachine}`)
    mkdirSync(stateFolder('own'), { recursive: true })
    writeFileSync(join(stateFolder('own'), 'identity'), 'other 1234\n')
    const { stderr, exitCode } = await run('down', ['--cluster', file])
    expect(exitCode).toBe(1)
    expect(stderr).toMatch(/belongs to the cluster other/)
    expect(existsSync(stateFolder('own'))).toBe(true)
  })
})

describe('the bench', () => {
  test('builds clusters that can run beside the ones they are copies of', () => {
    const size = { controlPlanes: 1, workers: 9 }
    const file = benchCluster('cluster.yaml', folder, size)
    const cluster = loadCluster(file)
    expect(cluster.name).toBe('bench-cluster')
    expect(cluster.workers).toHaveLength(9)
    expect(cluster.machines[0]?.address).toBe('10.34.0.11')
    expect(cluster.networks.machines).toBe('10.34.0.0/24')
    const one = loadCluster(benchCluster('single.yaml', folder))
    expect(one.machines.map(({ roles }) => roles)).toEqual([
      ['control-plane', 'worker'],
    ])
    expect(one.networks.pods).not.toBe(cluster.networks.pods)
    expect(readFileSync(file, 'utf8')).not.toContain('10.10.0.')
  })

  test('aligns figures to the right', () => {
    const rows = [
      ['step', 'time'],
      ['05 etcd', '14.1 s'],
      ['all', '9 s'],
    ]
    expect(table(rows)).toBe(
      'step       time\n05 etcd  14.1 s\nall         9 s',
    )
  })
})
