// Which drills there are, and which of them a run has proven.

import { readFileSync } from 'node:fs'
import { stepFiles } from '../../../lib/steps.ts'

/** How many drills each step has, by its number; steps without are left out. */
export function drillsOfSteps(): Record<string, number> {
  return counted(
    stepFiles().map(({ number, file }) => {
      const drills = readFileSync(file, 'utf8').match(/^await drill\(/gm)
      return [number, drills?.length ?? 0]
    }),
  )
}

/**
 * How many drills each step has proven.
 *
 * @param said what `npm run steps -- --drill` printed
 * @example
 * provenIn('✓ 05 etcd  1.2 s  1 proven\n1 step  1.2 s  1 proven') // { '05': 1 }
 */
export function provenIn(said: string): Record<string, number> {
  const lines = said.matchAll(/^✓ (\d\d) .* (\d+) proven/gm)
  return counted([...lines].map(([, step, count]) => [step, Number(count)]))
}

function counted(
  steps: readonly (readonly [string | undefined, number])[],
): Record<string, number> {
  return Object.fromEntries(steps.filter(([, count]) => count > 0))
}
