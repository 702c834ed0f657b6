import type { ParseArgsOptionsConfig } from 'node:util'
import { clusterFileFromArguments } from '../../lib/cluster.ts'
import { GuideError } from '../../lib/errors.ts'
import { readFlags } from '../../lib/flags.ts'
import { quote } from '../../lib/shell.ts'

const always = {
  cluster: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const

// Flags that npm has, too, and sets in every script's environment.
const alsoOfNpm = ['yes', 'json', 'verbose']

/**
 * Reads the arguments of a command. `--help` prints the usage and ends the
 * process.
 *
 * @throws {GuideError} with the usage, for an argument that is not known, and
 * for flags that npm took for its own because `--` was missing
 * @example
 * const { values, clusterFile } = readArguments(usage, {
 *   yes: { type: 'boolean', default: false },
 * })
 */
export function readArguments<const T extends ParseArgsOptionsConfig>(
  usage: string,
  options: T,
  argv: readonly string[] = process.argv.slice(2),
  env: Readonly<Record<string, string | undefined>> = process.env,
) {
  const misuse = (why: string) => new GuideError(`${why}\n${usage}`)
  const known = { ...options, ...always }
  const taken = takenByNpm(Object.keys(known), env)
  if (taken) {
    throw misuse(
      `npm took ${taken} for a flag of its own: write -- before the flags`,
    )
  }
  const { values } = readFlags(argv, known, usage)
  if ((values as { help?: boolean }).help) {
    console.log(usage)
    process.exit(0)
  }
  return { values, clusterFile: clusterFileFromArguments(argv, env) }
}

function takenByNpm(
  names: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  if (!env.npm_lifecycle_event) return undefined
  const name = names
    .filter((it) => !alsoOfNpm.includes(it))
    .find((it) => env[variableOf(it)] !== undefined)
  return name && `--${name}`
}

// npm stores --no-verify as verify=false, reads --plan as its -p -l -a -n, and
// --to as the beginning of its --token-description.
const asReadByNpm: Record<string, string> = {
  'no-verify': 'verify',
  plan: 'parseable',
  to: 'token_description',
}

function variableOf(name: string): string {
  return `npm_config_${asReadByNpm[name] ?? name}`
}

/**
 * A command line of ours, as a reader can paste it.
 *
 * @param flags in order; undefined and false ones are left out
 * @example
 * npmRun('steps', ['--from 05', values.undo && '--undo'])
 * // 'npm run steps -- --from 05'
 */
export function npmRun(
  script: string,
  flags: readonly (string | false | undefined)[] = [],
): string {
  const given = flags.filter(Boolean)
  return [`npm run ${script}`, ...(given.length ? ['--', ...given] : [])].join(
    ' ',
  )
}

/** `--cluster FILE` again, if it was given. */
export function clusterFlag(values: object): string | undefined {
  const { cluster } = values as { cluster?: string }
  return cluster && `--cluster ${quote(cluster)}`
}
