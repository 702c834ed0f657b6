import type { Role } from '../cluster.ts'
import type { Script } from '../shell.ts'
import type { Family } from './packages.ts'

/**
 * What a machine that does not meet a check means for the cluster. What
 * `blocks` stops step 02 before anything is changed anywhere, what is
 * `prepared` step 02 puts right itself, and what is `advised` is said once and
 * the cluster does with less.
 */
export type Severity = 'blocks' | 'prepared' | 'advised'

/** A piece of bash that only reads. Checks may share one. */
export interface Probe {
  /** Names the section of the output that holds what it printed. */
  id: string
  script: Script
}

/** What a judgement may know besides what its probe printed. */
export interface About {
  machine: { name: string; address: string; roles: readonly Role[] }
  /** All machines of the cluster, in the order of cluster.yaml. */
  machines: readonly { name: string; address: string }[]
  /** Family of distributions, undefined for one that we do not know. */
  family: Family | undefined
  /** What /etc/os-release says. */
  os: { id: string; version: string; name: string }
  /** True in a container, where the kernel is shared with others. */
  container: boolean
  /** True for a machine that belongs to this cluster already. */
  member: boolean
  /** What the same probe printed on every machine. */
  everywhere: readonly { name: string; address: string; printed: string }[]
}

/** What a judgement says of one machine. */
export interface Verdict {
  fine: boolean
  /** What was found, in a few words. */
  found: string
  /** When it weighs more, or less, on this machine than the check says. */
  severity?: Severity
  /** When this machine needs another remedy than the check names. */
  remedy?: string
}

/** One thing that a machine must be, have or not have. */
export interface Check {
  /** Stable name, for the docs and for messages. */
  id: string
  /** A sentence that is true of a machine that meets it. */
  title: string
  severity: Severity
  /** Only machines with one of these roles are checked. Default: all. */
  roles?: readonly Role[]
  wanted: string
  why: string
  remedy: string
  /** A command with which a person sees what the probe sees. */
  look: string
  /** Where Kubernetes, or whoever else asks for it, says so. */
  source: string
  probe: Probe
  /** Judges what the probe printed. Pure: it reads nothing else. */
  judge(printed: string, about: About): Verdict
}

/**
 * A verdict on a machine that meets the check.
 *
 * @example
 * fine('4') // { fine: true, found: '4' }
 */
export function fine(found: string): Verdict {
  return { fine: true, found }
}

/**
 * A verdict on a machine that does not.
 *
 * @param other where this case is less grave, or mended in another way
 * @example
 * unfit('swap is on', { severity: 'advised' })
 */
export function unfit(
  found: string,
  other: Pick<Verdict, 'severity' | 'remedy'> = {},
): Verdict {
  return { fine: false, found, ...other }
}

/**
 * Splits what a probe printed into lines, without empty ones.
 *
 * @example
 * lines('a\n\nb\n') // ['a', 'b']
 */
export function lines(printed: string): string[] {
  return printed
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

/**
 * Reads `name=value` lines.
 *
 * @example
 * settings('free=12\nsize=40') // { free: '12', size: '40' }
 */
export function settings(printed: string): Record<string, string> {
  const pairs = lines(printed).map((line) => {
    const [name = '', ...value] = line.split('=')
    return [name, value.join('=')]
  })
  return Object.fromEntries(pairs)
}
