import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { essence, essenceOfState } from '../fake/essence.ts'
import { building, openWorkshop, type Sandbox } from '../fake/sandbox.ts'
import { type FakeMachine, newMachine } from '../fake/world.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })
const workshop = openWorkshop()
afterAll(() => workshop.close())

let built: Sandbox
beforeAll(async () => {
  built = workshop.sandbox('cluster.yaml')
  await workshop.build(built, '01', '13')
})

const backwards = building.toReversed().map(({ number }) => number)

async function undoAll(sandbox: Sandbox, flags: readonly string[]) {
  for (const number of backwards) {
    const all = ['--undo', ...flags]
    const { code, output } = await workshop.run(sandbox, number, all)
    expect(code, output).toBe(0)
    expect(output).toContain('changes taken back')
  }
}

const initial = ({ name, address }: FakeMachine) =>
  newMachine(name, address, true)

describe('undo of all steps, the last one first', () => {
  test('with --forget leaves machines as they were', async () => {
    const sandbox = built.copy()
    await undoAll(sandbox, ['--forget'])
    const world = sandbox.world()
    const fresh = Object.values(world.machines).map(initial)
    const machines = Object.fromEntries(fresh.map((it) => [it.address, it]))
    expect(essence(world)).toEqual(essence({ ...world, machines }))
    for (const { address, folders } of fresh) {
      const left = Object.keys(world.machines[address]?.folders ?? {})
      expect(left.toSorted()).toEqual(Object.keys(folders).toSorted())
    }
    expect(world.objects).toEqual({})
    expect(Object.keys(sandbox.state())).toEqual(['identity', 'steps.json'])
  })

  test('without it leaves keys and data, and nothing else', async () => {
    const sandbox = built.copy()
    await undoAll(sandbox, [])
    const { machines } = sandbox.world()
    const some = ['10.10.0.11', '10.10.0.21'] as const
    const left = some.flatMap((address) => {
      const machine = machines[address] as FakeMachine
      const before = essence({
        ...sandbox.world(),
        machines: { x: initial(machine) },
      })
      return leftovers(machine, before.machines[machine.name])
    })
    const state = Object.keys(sandbox.state()).map((path) => path.split('/')[0])
    const all = [...left, ...[...new Set(state)].map((it) => `state: ${it}`)]
    await expect(`${all.join('\n')}\n`).toMatchFileSnapshot(
      join(import.meta.dirname, '__snapshots__', 'left-without-forget.txt'),
    )
  })

  test('without it can be done again, to the same cluster', async () => {
    const sandbox = built.copy()
    await undoAll(sandbox, [])
    await workshop.build(sandbox, '01', '13')
    expect(essence(sandbox.world())).toEqual(essence(built.world()))
    expect(essenceOfState(sandbox.state())).toEqual(
      essenceOfState(built.state()),
    )
  })

  test('twice is as good as once', async () => {
    const sandbox = built.copy()
    for (const number of ['13', '12', '11']) {
      await workshop.run(sandbox, number, ['--undo'])
      const before = sandbox.log().length
      const { code } = await workshop.run(sandbox, number, ['--undo'])
      expect(code).toBe(0)
      expect(
        sandbox.log(before).filter(({ text }) => !text.startsWith('unmount')),
      ).toEqual([])
    }
  })
})

describe('undo of a step that others stand on', () => {
  test('is refused, names them, and changes nothing', async () => {
    const before = { world: built.world(), state: built.state() }
    const { code, output } = await workshop.runAlone(built, '05', ['--undo'])
    expect(code).toBe(1)
    expect(output).toContain(
      '05 cannot be undone while later steps stand: ' +
        '13, 12, 11, 10, 09, 08, 07, 06',
    )
    expect(output).toContain('--cascade')
    expect({ world: built.world(), state: built.state() }).toEqual(before)
  })

  test('with --cascade undoes those first, in their order', async () => {
    const sandbox = built.copy()
    const flags = ['--undo', '--cascade']
    const { code, output } = await workshop.runAlone(sandbox, '05', flags)
    expect(code, output).toBe(0)
    const titles = [...output.matchAll(/^(\d\d) [\w ]+ \(undo\)$/gm)]
    expect(titles.map(([, number]) => number)).toEqual([
      ...['13', '12', '11', '10', '09', '08', '07', '06', '05'],
    ])
    const { 'steps.json': steps = '' } = sandbox.state()
    expect(Object.keys(JSON.parse(steps))).toEqual(['01', '02', '03', '04'])
    for (const machine of Object.values(sandbox.world().machines)) {
      expect(machine.units).toEqual({})
    }
  })
})

describe('undo of a step that was cut short', () => {
  let stage = workshop.sandbox('cluster.yaml')

  for (const { number, name } of building) {
    test(`takes back what ${number} ${name} had done by then`, async () => {
      const before = stage
      stage = before.copy()
      const [whole] = await workshop.build(stage, number, number)
      const total = whole?.changes ?? 0
      for (const part of [0.2, 0.5, 0.8]) {
        const sandbox = before.copy()
        const stopAfter = Math.max(1, Math.floor(total * part))
        await workshop.run(sandbox, number, ['--no-verify'], { stopAfter })
        const flags = ['--undo', '--forget']
        const { code, output } = await workshop.run(sandbox, number, flags)
        expect(code, output).toBe(0)
        expect(lasting(sandbox)).toEqual(lasting(before))
      }
    })
  }

  test('goes on when it is cut short itself', async () => {
    const once = built.copy()
    await workshop.run(once, '13', ['--undo'])
    await workshop.run(once, '12', ['--undo'])
    const { changes } = await workshop.run(once.copy(), '11', ['--undo'])
    for (let stopAfter = 1; stopAfter < changes; stopAfter += 4) {
      const sandbox = once.copy()
      await workshop.run(sandbox, '11', ['--undo'], { stopAfter })
      const { code, output } = await workshop.run(sandbox, '11', ['--undo'])
      expect(code, output).toBe(0)
      for (const { units } of Object.values(sandbox.world().machines)) {
        expect(units['kube-proxy']).toBeUndefined()
      }
    }
  })
})

// Join tokens end by themselves, images stay until the runtime's data goes,
// and what is remembered of programs until the machine leaves the cluster.
function lasting(sandbox: Sandbox) {
  const world = sandbox.world()
  for (const machine of Object.values(world.machines)) {
    Object.assign(machine, { users: [], images: {}, kernel: [] })
  }
  for (const { files } of Object.values(world.machines)) {
    for (const path of Object.keys(files)) {
      if (path.includes('/installed/')) delete files[path]
    }
  }
  const { machines, objects } = essence(world)
  const kept = Object.entries(objects).filter(
    ([path]) => !path.includes('/secrets/bootstrap-token-'),
  )
  return { machines, objects: Object.fromEntries(kept) }
}

function leftovers(machine: FakeMachine, before: unknown): string[] {
  const now = essence({
    ...{ time: 0, objects: {}, log: [] },
    machines: { x: machine },
  }).machines[machine.name] as unknown as Record<string, object>
  const then = before as Record<string, object>
  return Object.entries(now).flatMap(([what, value]) => {
    const old = then[what]
    if (JSON.stringify(old) === JSON.stringify(value)) return []
    if (Array.isArray(value)) {
      const more = value.filter((one) => !(old as unknown[]).includes(one))
      return more.map((one) => `${machine.name}: ${what}: ${one}`)
    }
    return Object.entries(value)
      .filter(([key, it]) => {
        const was = (old as Record<string, unknown>)[key]
        return JSON.stringify(was) !== JSON.stringify(it)
      })
      .map(([key]) => `${machine.name}: ${what}: ${key}`)
  })
}
