import { GuideError } from '../../lib/errors.ts'
import { printable } from '../../lib/flags.ts'
import type { State } from '../../lib/state.ts'
import { type StepFile, standingAbove, stillStanding } from '../../lib/steps.ts'

/** A range of steps, as it was asked for. */
export interface Range {
  from?: string | undefined
  to?: string | undefined
}

/**
 * The steps of a range, in their order.
 *
 * @param from number of the first step; default the first there is
 * @param to number of the last step; default the last there is
 * @throws {GuideError} for a number that no step has, and an empty range
 * @example
 * selectSteps(stepFiles(), { from: '5', to: '09' })
 */
export function selectSteps(
  all: readonly StepFile[],
  { from, to }: Range,
): StepFile[] {
  const first = from === undefined ? 0 : indexOf(all, from, '--from')
  const last = to === undefined ? all.length - 1 : indexOf(all, to, '--to')
  if (first <= last) return all.slice(first, last + 1)
  throw new GuideError(
    `--from ${all[first]?.number} --to ${all[last]?.number}: found the end ` +
      'before the beginning, allowed: from the lower number to the higher, ' +
      'also with --undo',
  )
}

/**
 * The steps of a range that have something to undo, the highest first.
 *
 * @param cascade undo the later ones as well; otherwise they are a reason to
 * refuse
 * @throws {GuideError} when later steps stand, with their numbers
 */
export function selectUndo(
  all: readonly StepFile[],
  range: Range,
  state: Pick<State, 'steps'>,
  { cascade, forget }: { cascade: boolean; forget: boolean },
): StepFile[] {
  const last = selectSteps(all, range).at(-1)?.number ?? ''
  const later = standingAbove(state, last)
  if (later.length > 0 && !cascade) throw stillStanding(last, later, forget)
  const to = later[0] ?? last
  const standing = Object.keys(state.steps())
  return selectSteps(all, { from: range.from, to })
    .filter(({ number }) => standing.includes(number))
    .reverse()
}

function indexOf(
  all: readonly StepFile[],
  given: string,
  flag: string,
): number {
  const number = given.padStart(2, '0')
  const at = all.findIndex((step) => step.number === number)
  if (at >= 0) return at
  const names = all.map((step) => `${step.number} ${step.name}`)
  throw new GuideError(
    `${flag}: found ${printable(given)}, allowed: the number of a step\n  ` +
      names.join('\n  '),
  )
}
