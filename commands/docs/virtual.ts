import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RecordedFault } from './faults.ts'
import { recordedFolder } from './recorded.ts'

/**
 * A run of every step, with every check, on virtual machines:
 * `docs/recorded/vm.json`.
 */
export interface RecordedVirtual {
  /** Such as `2026-11-23`. */
  recordedAt: string
  commit: string
  /** Kind of the machines: `vm`. */
  machines: string
  /** Such as `1 control plane, 1 worker`. */
  topology: string
  /** Of every component. */
  versions: Record<string, string>
  /** What the machines run, such as `Debian GNU/Linux 13 (trixie)`. */
  system: string
  /** Version of the kernel that they booted. */
  kernel: string
  /** What their processor was, `KVM` or `emulation`. */
  processor: string
  /** How many times slower than their host they were. */
  slower: number
  /** What was broken there that only machines with a kernel can show. */
  faults: RecordedFault[]
  /** The files that were run, by path in the checkout, and their sha256. */
  sources: Record<string, string>
}

/** The recorded run, or undefined. */
export function readRecordedVirtual(
  folder = recordedFolder,
): RecordedVirtual | undefined {
  const file = join(folder, 'vm.json')
  if (!existsSync(file)) return undefined
  return JSON.parse(readFileSync(file, 'utf8')) as RecordedVirtual
}
