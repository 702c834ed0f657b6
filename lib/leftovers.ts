import { hostname } from 'node:os'
import type { Manifest } from './kubernetes.ts'
import { patient } from './patience.ts'
import { startOf } from './process.ts'

// Several times what the longest check takes.
const secondsOfACheck = 600

// What a label's value may hold: 63 of these characters, and a letter or a
// digit at either end.
const host = hostname()
  .replaceAll(/[^A-Za-z0-9]/g, '-')
  .slice(0, 30)

/**
 * Value of a label: the process that made an object. Two people may check one
 * cluster at the same time, and neither removes what the other works with.
 *
 * @example
 * thisProcess() // 'from-laptop.4711.184467'
 */
export function thisProcess(): string {
  return `from-${host}.${process.pid}.${startOf(process.pid)}`
}

/**
 * Whether the check that made an object has ended and left it behind: its
 * process is gone, or, when it ran on another computer, its time is.
 *
 * @param label whose value {@link thisProcess} gave
 * @example
 * const old = pods.filter((pod) => isLeftBehind(pod, label))
 */
export function isLeftBehind({ metadata }: Manifest, label: string): boolean {
  const maker = metadata.labels?.[label] ?? ''
  const [, from, pid, started] = /^from-(.*)\.(\d+)\.(\d+)$/.exec(maker) ?? []
  if (from === host) return startOf(Number(pid)) !== started
  const age = Date.now() - Date.parse(String(metadata.creationTimestamp))
  return age > patient(secondsOfACheck) * 1000
}
