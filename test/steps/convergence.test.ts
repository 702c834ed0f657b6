import { afterAll, describe, expect, test, vi } from 'vitest'
import { essence, essenceOfState } from '../fake/essence.ts'
import {
  building,
  flagsFor,
  openWorkshop,
  type Sandbox,
} from '../fake/sandbox.ts'

// A connection drops, Ctrl-C is pressed, a laptop sleeps: the same command
// goes on from there, wherever that is. So each step is cut off after its
// first change, its second, and so on, then run again to its end.

vi.setConfig({ testTimeout: 120_000 })
const workshop = openWorkshop()
afterAll(() => workshop.close())

// These two have the most to lose, and are cut off after every change.
const thorough = ['05', '10']

describe('a step that was cut off and is run again', () => {
  let stage = workshop.sandbox('cluster.yaml')

  for (const { number, name } of building) {
    const every = thorough.includes(number) ? 1 : 5

    test(`ends as if nothing had happened: ${number} ${name}`, async () => {
      const before = stage
      const undisturbed = before.copy()
      const flags = flagsFor(number)
      const { changes } = await workshop.run(undisturbed, number, flags)
      stage = undisturbed
      const wanted = essence(undisturbed.world())
      for (let stopAfter = 1; stopAfter < changes; stopAfter += every) {
        const sandbox = before.copy()
        const trouble = { stopAfter }
        const cut = await workshop.run(sandbox, number, flags, trouble)
        expect(cut.code).toBe(1)
        expect(cut.output).toContain('the connection dropped')
        await expectSuccess(sandbox, number)
        const after = `cut off after change ${stopAfter} of ${changes}`
        expect(essence(sandbox.world()), after).toEqual(wanted)
      }
    })
  }
})

describe('a step on the operator whose disk was full and is run again', () => {
  for (const number of ['03', '04']) {
    test(`ends as if nothing had happened: ${number}`, async () => {
      const before = workshop.sandbox('cluster.yaml')
      const previous = String(Number(number) - 1).padStart(2, '0')
      await workshop.build(before, '01', previous)
      const undisturbed = before.copy()
      await expectSuccess(undisturbed, number)
      const wanted = essenceOfState(undisturbed.state())
      for (const fullAfter of number === '03' ? [1, 8, 31] : [1, 4]) {
        const full = before.copy()
        const cut = await workshop.run(full, number, [], { fullAfter })
        expect(cut.code, cut.output).toBe(1)
        // What the run that has failed still does, it does elsewhere.
        const sandbox = full.copy()
        const kept = sandbox.state()
        await expectSuccess(sandbox, number)
        const now = sandbox.state()
        expect(essenceOfState(now)).toEqual(wanted)
        for (const authority of ['cluster', 'etcd', 'front-proxy']) {
          const key = `pki/${authority}/ca.key`
          if (key in kept) expect(now[key]).toBe(kept[key])
        }
      }
    })
  }
})

async function expectSuccess(sandbox: Sandbox, number: string) {
  const flags = flagsFor(number)
  const { code, output } = await workshop.run(sandbox, number, flags)
  expect(code, output).toBe(0)
}
