import { afterAll, describe, expect, test, vi } from 'vitest'
import { stepFiles } from '../../lib/steps.ts'
import { killAtEach } from '../fake/kill.ts'
import { flagsFor, openWorkshop } from '../fake/sandbox.ts'

// SIGKILL, a power cut: nobody is left who could react. So each step dies at
// every one of its changes, and is run again. Nothing of that may be seen
// afterwards.

vi.setConfig({ testTimeout: 240_000 })
const workshop = openWorkshop()
afterAll(() => workshop.close())

describe('a step that was killed and is run again', () => {
  let stage = workshop.sandbox('cluster.yaml')

  for (const { number, name } of stepFiles()) {
    test(`ends as if nothing had happened: ${number} ${name}`, async () => {
      const before = stage
      stage = before.copy()
      const flags = flagsFor(number)
      const times = await killAtEach(workshop, before, stage, number, flags)
      expect(times).toBeGreaterThan(0)
    })
  }
})
