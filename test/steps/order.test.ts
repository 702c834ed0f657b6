import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { afterAll, describe, expect, test, vi } from 'vitest'
import type { ClusterFile } from '../../lib/cluster-schema.ts'
import { openWorkshop, type Sandbox } from '../fake/sandbox.ts'

vi.setConfig({ testTimeout: 60_000 })
const workshop = openWorkshop()
afterAll(() => workshop.close())

describe('a step out of its order', () => {
  test('is refused, names what is missing, and does nothing', async () => {
    const sandbox = workshop.sandbox('cluster.yaml')
    const { code, output } = await workshop.runAlone(sandbox, '06')
    expect(code).toBe(1)
    expect(output).toContain('06 cannot run yet: missing 04, 05')
    expect(output).toContain('npm run steps -- --from 04 --to 06')
    expect(output).not.toMatch(/^\s+at /m)
    expect(sandbox.log()).toEqual([])
    expect(sandbox.state()).toEqual({})
  })

  test('is refused after a step that did not finish', async () => {
    const sandbox = workshop.sandbox('cluster.yaml')
    await workshop.build(sandbox, '01', '01')
    const trouble = { stopAfter: 3 }
    await workshop.run(sandbox, '02', [], trouble)
    const { code, output } = await workshop.run(sandbox, '03')
    expect(code).toBe(1)
    expect(output).toContain('missing 02 (begun, not finished)')
  })

  test('cannot be verified before it was applied', async () => {
    const sandbox = workshop.sandbox('cluster.yaml')
    await workshop.build(sandbox, '01', '04')
    for (const flag of ['--verify', '--drill']) {
      const { code, output } = await workshop.run(sandbox, '05', [flag])
      expect(code).toBe(1)
      expect(output).toContain('05 cannot run yet: missing 05')
    }
    expect(sandbox.world().machines['10.10.0.11']?.units).toEqual({})
  })

  test('may be verified when it began and did not finish', async () => {
    const sandbox = workshop.sandbox('cluster.yaml')
    await workshop.build(sandbox, '01', '01')
    await workshop.run(sandbox, '02', [], { stopAfter: 3 })
    const { code, output } = await workshop.run(sandbox, '02', ['--verify'])
    expect(code).toBe(1)
    expect(output).toContain('✗ every machine meets the node spec')
  })

  test('is refused for a machine that earlier steps have not seen', async () => {
    const sandbox = workshop.sandbox('cluster.yaml')
    await workshop.build(sandbox, '01', '08')
    sandbox.edit(({ machines }) =>
      machines.push({
        ...{ name: 'worker-3', address: '10.10.0.23', roles: ['worker'] },
      }),
    )
    const { code, output } = await workshop.run(sandbox, '09')
    expect(code).toBe(1)
    expect(output).toContain('02 (not on worker-3)')
  })
})

describe('control planes', () => {
  const another: ClusterFile['machines'][number] = {
    ...{ name: 'cp-4', address: '10.10.0.14', roles: ['control-plane'] },
  }
  type Edit = Parameters<Sandbox['edit']>[0]

  async function expectRefused(sandbox: Sandbox, edit: Edit, said: string) {
    sandbox.edit(edit)
    const before = { log: sandbox.log(), state: sandbox.state() }
    for (const flags of [[], ['--plan'], ['--verify']]) {
      const { code, output } = await workshop.run(sandbox, '01', flags)
      expect(code, output).toBe(1)
      expect(output).toMatch(/cluster\.yaml:\d+:\d+: machines/)
      expect(output).toContain(said)
      expect(output).toContain('nothing was changed')
    }
    expect({ log: sandbox.log(), state: sandbox.state() }).toEqual(before)
  }

  test('of an even number are refused until etcd has members', async () => {
    const sandbox = workshop.sandbox('cluster.yaml')
    const edit: Edit = ({ machines }) => machines.push(another)
    const said = 'found 4 machines with the role control-plane'
    await expectRefused(sandbox, edit, said)
    expect(sandbox.state()).toEqual({})
    sandbox.edit(({ machines }) => machines.pop())
    await workshop.build(sandbox, '01', '04')
    await expectRefused(sandbox, edit, said)
  })

  describe('of a cluster that runs', () => {
    let built: Sandbox
    const running = async () => {
      built ??= workshop.sandbox('cluster.yaml')
      if (built.log().length === 0) await workshop.build(built, '01', '05')
      return built.copy()
    }
    const adding = 'cp-1, cp-2, cp-3; adding one is not what these steps do yet'

    test('are not more than before', async () => {
      const fourth = 'found cp-4 as a new control plane'
      const add: Edit = ({ machines }) => machines.push(another)
      await expectRefused(await running(), add, fourth)
      await expectRefused(await running(), add, adding)
    })

    test('are not workers that were promoted', async () => {
      await expectRefused(
        await running(),
        ({ machines }) => machines.at(-1)?.roles.push('control-plane'),
        'found worker-2 as a new control plane',
      )
    })

    test('are not fewer than before', async () => {
      await expectRefused(
        await running(),
        (file) => {
          file.machines = file.machines.filter(({ name }) => name !== 'cp-2')
        },
        'found no control plane cp-2, and the cluster runs with it, ' +
          'allowed: cp-1, cp-2, cp-3; removing one is not what',
      )
    })

    test('are not more while the members are being started', async () => {
      const sandbox = workshop.sandbox('cluster.yaml')
      await workshop.build(sandbox, '01', '04')
      await workshop.run(sandbox, '05', [], { stopAfter: 3 })
      const add: Edit = ({ machines }) => machines.push(another)
      await expectRefused(sandbox, add, adding)
    })

    test('may be taken back, whatever cluster.yaml says by now', async () => {
      const sandbox = await running()
      sandbox.edit(({ machines }) => machines.push(another))
      const { code, output } = await workshop.run(sandbox, '05', ['--undo'])
      expect(code, output).toBe(0)
    })

    test('are looked at by their names alone in a record of old', async () => {
      const sandbox = await running()
      const folder = `${sandbox.folder}/state/kubernetes-from-scratch/scratch`
      const file = `${folder}/steps.json`
      const steps = JSON.parse(readFileSync(file, 'utf8'))
      for (const record of Object.values(steps)) {
        delete (record as { controlPlanes?: string[] }).controlPlanes
      }
      writeFileSync(file, JSON.stringify(steps))
      await workshop.build(sandbox, '01', '02')
      const add: Edit = ({ machines }) => machines.push(another)
      await expectRefused(sandbox, add, 'found cp-4 as a new control plane')
    })
  })
})

describe('a machine of another cluster', () => {
  test('is not touched', async () => {
    const sandbox = workshop.sandbox('cluster.yaml')
    await workshop.build(sandbox, '01', '02')
    const other = sandbox.copy()
    // The same machines, and a state folder that is not theirs.
    rmSync(`${other.folder}/state`, { recursive: true })
    const before = other.log().length
    const { code, output } = await workshop.run(other, '01')
    expect(code).toBe(1)
    expect(output).toContain('is a machine of another cluster')
    expect(other.log(before)).toEqual([])
  })
})

describe('arguments that make no sense', () => {
  test('are refused with the usage, before anything is looked at', async () => {
    const sandbox = workshop.sandbox('cluster.yaml')
    const flags = ['--plan', '--undo']
    const { code, output } = await workshop.runAlone(sandbox, '05', flags)
    expect(code).toBe(1)
    expect(output).toContain('--plan and --undo cannot go together')
    expect(output).toContain('usage: npx zx steps/NN-name.ts')
    expect(sandbox.state()).toEqual({})
  })
})
