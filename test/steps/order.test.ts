import { rmSync } from 'node:fs'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { openWorkshop } from '../fake/sandbox.ts'

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
