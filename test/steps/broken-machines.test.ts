import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { openWorkshop } from '../fake/sandbox.ts'
import type { FakeMachine, WorldState } from '../fake/world.ts'

const workshop = openWorkshop()
afterAll(() => workshop.close())

/** Runs step 01 on a cluster of which one machine is not as it should be. */
async function look(
  name: string,
  broken: Partial<FakeMachine>,
  clusterFile = 'cluster.yaml',
) {
  const sandbox = workshop.sandbox(clusterFile)
  await workshop.build(sandbox, '01', '01')
  const file = join(sandbox.folder, 'world.json')
  const world: WorldState = JSON.parse(readFileSync(file, 'utf8'))
  const machine = Object.values(world.machines).find((it) => it.name === name)
  if (!machine) throw new Error(`there is no machine ${name}`)
  Object.assign(machine, broken)
  writeFileSync(file, JSON.stringify(world))
  return workshop.run(sandbox, '01')
}

describe('a machine', () => {
  test('whose clock is wrong is named, with how far it is off', async () => {
    const { code, output } = await look('worker-1', { ahead: -7200 })
    expect(code).toBe(1)
    expect(output).toContain(
      'worker-1: its clock is 7200 s behind the others, allowed are 30 s',
    )
    expect(output).toContain('→ install chrony there')
  })

  test('whose clock is wrong is named, too, when there are two', async () => {
    const { code, output } = await look(
      'worker-1',
      { ahead: 7200 },
      'test/e2e/vm.yaml',
    )
    expect(code).toBe(1)
    expect(output).toContain(
      'worker-1: its clock is 7200 s ahead of the others',
    )
    expect(output).not.toContain('cp-1: its clock')
  })

  test('whose clock is a little off is fine', async () => {
    const { code, output } = await look('worker-1', { ahead: 20 })
    expect(code, output).toBe(0)
  })

  test('that is a copy of another is named with what they share', async () => {
    const answers = { hostname: 'cp-1' }
    const { code, output } = await look('worker-1', { answers })
    expect(code).toBe(1)
    expect(output).toContain('worker-1 has the hostname of cp-1')
    expect(output).toContain('found on both: cp-1')
    expect(output).toContain('→ on one of them: hostnamectl set-hostname NAME')
  })

  test('that has another address is named with those that it has', async () => {
    const answers = { interface: '', addresses: '203.0.113.7' }
    const { code, output } = await look('cp-2', { answers })
    expect(code).toBe(1)
    expect(output).toContain('cp-2: none of its interfaces has 10.10.0.12')
    expect(output).toContain('found: 203.0.113.7')
  })
})
