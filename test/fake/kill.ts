import { expect } from 'vitest'
import { essence, essenceOfState } from './essence.ts'
import type { Sandbox, Workshop } from './sandbox.ts'

/**
 * Runs a step undisturbed, then kills it at each of its changes in turn,
 * where that can be also in the middle of one, and runs it again: the end has
 * to be the same. Files of the state folder count as changes, too.
 *
 * @returns how often it was killed
 */
export async function killAtEach(
  workshop: Workshop,
  before: Sandbox,
  undisturbed: Sandbox,
  number: string,
  flags: readonly string[],
): Promise<number> {
  const counting = { killed: true }
  const whole = await workshop.run(undisturbed, number, flags, counting)
  expect(whole.code, whole.output).toBe(0)
  const wanted = everything(undisturbed)
  const points = Array.from({ length: whole.changes }, (_, n) => [
    { stopAfter: n + 1, half: false },
    ...(whole.halves.includes(n + 1) ? [{ stopAfter: n + 1, half: true }] : []),
  ]).flat()
  expect(points.length).toBeGreaterThan(0)
  for (const point of points) {
    const sandbox = before.copy()
    const trouble = { ...point, killed: true }
    const cut = await workshop.run(sandbox, number, flags, trouble)
    const where = `${number} ${flags.join(' ')}, killed ${
      point.half ? 'in' : 'after'
    } change ${point.stopAfter} of ${whole.changes}`
    // Or nothing would be left to do, and all that follows would be true.
    expect(cut.changes, `${where}: ${cut.output}`).toBe(point.stopAfter)
    expect(cut.code, where).not.toBe(0)
    const { code, output } = await workshop.run(sandbox, number, flags)
    expect(code, `${where}: ${output}`).toBe(0)
    expect(everything(sandbox), where).toEqual(wanted)
    sandbox.remove()
  }
  return points.length
}

const everything = (sandbox: Sandbox) => ({
  world: essence(sandbox.world()),
  state: essenceOfState(sandbox.state()),
})
