import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { recordedFolder } from './recorded.ts'

/** What a client saw while something was broken. */
export interface RecordedFault {
  /** What was broken. */
  fault: string
  /** What happened, in a sentence. */
  seen: string
  /** From the fault until the cluster was whole again. */
  seconds: number
  /** The longest time without an acknowledged write. */
  longestGapSeconds: number
  /** Writes that were acknowledged meanwhile. */
  acknowledged: number
  /** Of all acknowledged writes, those that were not there afterwards. */
  lost: number
}

/** A run of all faults: `docs/recorded/faults.json`. */
export interface RecordedFaults {
  /** Such as `2026-11-23`. */
  recordedAt: string
  commit: string
  /** Kind of the machines: `container`. */
  machines: string
  /** Such as `3 control planes, 2 workers`. */
  topology: string
  /** Of every component. */
  versions: Record<string, string>
  faults: RecordedFault[]
}

/** The recorded run, or undefined. */
export function readRecordedFaults(
  folder = recordedFolder,
): RecordedFaults | undefined {
  const file = join(folder, 'faults.json')
  if (!existsSync(file)) return undefined
  return JSON.parse(readFileSync(file, 'utf8')) as RecordedFaults
}
