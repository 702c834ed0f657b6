import {
  type RecordedFaults,
  readRecordedFaults,
} from '../../../commands/docs/faults.ts'
import { plain, table } from '../data/markdown.ts'

/** What a client saw of each fault, when all of them were last tried. */
export function FaultTable(): string {
  const recorded = readRecordedFaults()
  if (!recorded) return 'Nothing has been recorded yet.'
  return `${about(recorded)}\n\n${rows(recorded)}`
}

function about({ recordedAt, machines, topology, commit }: RecordedFaults) {
  return (
    `Recorded on ${recordedAt} with commit ${plain(commit)}, on ` +
    `${topology}, ${plain(machines)} machines.`
  )
}

function rows({ faults }: RecordedFaults): string {
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
