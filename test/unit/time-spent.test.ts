import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { spending, timeSpent } from '../../lib/time-spent.ts'

test('counts time that passed once, for the most telling work', async () => {
  const before = timeSpent()
  const began = performance.now()
  await Promise.all([
    spending('machines', sleep(60)),
    spending('machines', sleep(60)),
    spending('transfer', sleep(30)),
    expect(spending('api', Promise.reject(new Error('no')))).rejects.toThrow(),
  ])
  const passed = performance.now() - began
  const after = timeSpent()
  const transfer = after.transferMilliseconds - before.transferMilliseconds
  const machines = after.machinesMilliseconds - before.machinesMilliseconds
  expect(transfer).toBeGreaterThan(0)
  expect(machines).toBeGreaterThan(0)
  // Rounded twice, both by half a millisecond at most.
  expect(transfer + machines).toBeLessThanOrEqual(passed + 2)
})
