import {
  type RecordedFaults,
  readRecordedFaults,
} from '../../../commands/docs/faults.ts'
import { readRecordedVirtual } from '../../../commands/docs/virtual.ts'
import { plain, table } from '../data/markdown.ts'

/**
 * What a client saw of each fault, when all of them were last tried.
 *
 * `on`: `containers`, or `virtual-machines` for what needs a kernel of its own
 */
export function FaultTable({ on = 'containers' }: { on?: string }): string {
  const recorded =
    on === 'containers' ? readRecordedFaults() : readRecordedVirtual()
  if (!recorded) return 'Nothing has been recorded yet.'
  return `${about(recorded, on)}\n\n${rows(recorded)}`
}

function about(
  { recordedAt, topology, commit }: Omit<RecordedFaults, 'faults'>,
  on: string,
) {
  return (
    `Recorded on ${recordedAt} with commit ${plain(commit)}, on ` +
    `${topology}, ${on.replace('-', ' ')}.`
  )
}

function rows({ faults }: Pick<RecordedFaults, 'faults'>): string {
  return table(
    ['Fault', 'Longest gap', 'Writes', 'Lost', 'What was seen'],
    faults.map((it) => [
      plain(capital(it.fault)),
      `${it.longestGapSeconds.toFixed(1)} s`,
      String(it.acknowledged),
      String(it.lost),
      plain(capital(it.seen)),
    ]),
  )
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
