import type { Journal } from './journal.ts'

/** What a step tells the runner that started it, when it has ended. */
export interface Summary {
  changes: number
  looked: number
  verified: number
  notApplicable: number
  failed: number
}

/**
 * Renders the line that a block prints for one machine.
 *
 * @example
 * machineLine('cp-1', journal, 1234)
 * // '  ✓ cp-1  1.2 s  changed: /etc/etcd/etcd.yaml, etcd.service started'
 */
export function machineLine(
  name: string,
  { changes, looked }: Journal,
  milliseconds: number,
): string {
  const time = seconds(milliseconds)
  if (changes.length === 0)
    return `  ✓ ${name}  ${time}  ok (${looked} checked)`
  const shown = changes.slice(0, 4).join(', ')
  const more = changes.length > 4 ? ` and ${changes.length - 4} more` : ''
  return `  ✓ ${name}  ${time}  changed: ${shown}${more}`
}

/**
 * Renders the plan of one machine: each change, indented.
 *
 * @example
 * planLines('cp-1', machine.journal) // '  cp-1: nothing to change'
 */
export function planLines(name: string, { changes, details }: Journal): string {
  if (changes.length === 0) return `  ${name}: nothing to change`
  return [`  ${name}:`, ...details.map((line) => `    ${line}`)].join('\n')
}

/**
 * Renders milliseconds as seconds, to a tenth.
 *
 * @example
 * seconds(1234) // '1.2 s'
 */
export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`
}
