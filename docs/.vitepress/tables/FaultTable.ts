import {
  type RecordedFaults,
  readRecordedFaults,
} from '../../../commands/docs/faults.ts'
import { readRecordedVirtual } from '../../../commands/docs/virtual.ts'
import { plain, table } from '../data/markdown.ts'

/**
 * What a client saw of each fault, when they were last tried.
 *
 * @param attributes `on`: `container` or `virtual` machines
 */
export function FaultTable({ on }: { on: string }): string {
  const recorded =
    on === 'virtual' ? readRecordedVirtual() : readRecordedFaults()
  if (!recorded) return 'Nothing has been recorded yet.'
  return `${about(recorded)}\n\n${rows(recorded)}`
}

type Recorded = Omit<RecordedFaults, 'versions'>

function about({ recordedAt, machines, topology, commit }: Recorded) {
  const kind = machines === 'vm' ? 'virtual' : machines
  return (
    `Recorded on ${recordedAt} with commit ${plain(commit)}, on ` +
    `${topology}, ${plain(kind)} machines.`
  )
}

function rows({ faults }: Recorded): string {
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
