import { GuideError } from './errors.ts'
import { readFlags } from './flags.ts'

/** What a step was asked to do. */
export type Verb = 'apply' | 'plan' | 'verify' | 'undo' | 'drill'

/** What the command line of a step says. */
export interface StepArguments {
  verb: Verb
  /** With apply: leave the checks out. */
  skipVerify: boolean
  /** With undo: undo later steps first. */
  cascade: boolean
  /** With undo: remove keys and data, too. */
  forget: boolean
}

const usage = `usage: npx zx steps/NN-name.ts [one of]
  --plan     show what would change, and change nothing
  --verify   run the checks alone
  --undo     take back what the step did
               --cascade  and first what later steps did
               --forget   and remove keys and data, too
  --drill    prove what the step promises by disturbing it
  --no-verify      apply without the checks
  --cluster FILE   the cluster; default cluster.yaml, or $CLUSTER`

/**
 * Reads the arguments of a step.
 *
 * @throws {GuideError} with the usage, for an unknown or impossible one
 * @example
 * parseStepArguments(['--undo', '--forget']).forget // true
 */
export function parseStepArguments(argv: readonly string[]): StepArguments {
  const boolean = { type: 'boolean', default: false } as const
  const { values } = readFlags(
    argv,
    {
      plan: boolean,
      verify: boolean,
      undo: boolean,
      drill: boolean,
      cascade: boolean,
      forget: boolean,
      'no-verify': boolean,
      cluster: { type: 'string' },
    },
    usage,
  )
  const verbs = (['plan', 'verify', 'undo', 'drill'] as const).filter(
    (verb) => values[verb],
  )
  if (verbs.length > 1) {
    const found = verbs.map((verb) => `--${verb}`).join(' and ')
    throw new GuideError(`${found} cannot go together\n${usage}`)
  }
  const verb = verbs[0] ?? 'apply'
  for (const flag of ['cascade', 'forget'] as const) {
    if (values[flag] && verb !== 'undo') {
      throw new GuideError(`--${flag} goes with --undo only\n${usage}`)
    }
  }
  if (values['no-verify'] && verb !== 'apply') {
    throw new GuideError(
      `--no-verify and --${verb} cannot go together\n${usage}`,
    )
  }
  return {
    verb,
    skipVerify: values['no-verify'],
    cascade: values.cascade,
    forget: values.forget,
  }
}
