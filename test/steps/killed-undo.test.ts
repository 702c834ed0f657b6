import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { stepFiles } from '../../lib/steps.ts'
import { killAtEach } from '../fake/kill.ts'
import { openWorkshop, type Sandbox } from '../fake/sandbox.ts'

// An undo that dies at any of its changes leaves less than it found, and no
// state of which the same command could not go on.

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 })
const workshop = openWorkshop()
afterAll(() => workshop.close())

describe('an undo that was killed and is run again', () => {
  let stage: Sandbox
  beforeAll(async () => {
    stage = workshop.sandbox('cluster.yaml')
    await workshop.build(stage, '01', '13')
    await workshop.run(stage, '14', ['--no-verify'])
  })

  for (const { number, name } of stepFiles().toReversed()) {
    test(`ends as if nothing had happened: ${number} ${name}`, async () => {
      const before = stage
      stage = before.copy()
      const flags = ['--undo', '--forget']
      const times = await killAtEach(workshop, before, stage, number, flags)
      expect(times).toBeGreaterThan(0)
    })
  }
})
