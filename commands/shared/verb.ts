import type { Verb } from '../../lib/arguments.ts'
import { GuideError } from '../../lib/errors.ts'

interface Flags {
  plan?: boolean
  verify?: boolean
  undo?: boolean
  drill?: boolean
  cascade?: boolean
  forget?: boolean
  'no-verify'?: boolean
  from?: string | undefined
}

/**
 * What a range of steps is asked to do.
 *
 * @throws {GuideError} with the usage, for flags that contradict each other,
 * and for an undo that does not say how far
 * @example
 * verbOf({ undo: true, from: '05' }, usage) // 'undo'
 */
export function verbOf(flags: Flags, usage: string): Verb {
  const misuse = (why: string) => new GuideError(`${why}\n${usage}`)
  const verbs = (['plan', 'verify', 'undo', 'drill'] as const).filter(
    (verb) => flags[verb],
  )
  if (verbs.length > 1) {
    const found = verbs.map((verb) => `--${verb}`).join(' and ')
    throw misuse(`${found} cannot go together`)
  }
  const verb = verbs[0] ?? 'apply'
  for (const flag of ['cascade', 'forget'] as const) {
    if (flags[flag] && verb !== 'undo') {
      throw misuse(`--${flag} goes with --undo only`)
    }
  }
  if (flags['no-verify'] && verb !== 'apply') {
    throw misuse(`--no-verify and --${verb} cannot go together`)
  }
  if (verb === 'undo' && flags.from === undefined) {
    throw misuse('--undo needs --from: the first step to take back')
  }
  return verb
}

/** The flag that a step knows a verb by; applying needs none. */
export function flagOf(verb: Verb): string[] {
  return verb === 'apply' ? [] : [`--${verb}`]
}
