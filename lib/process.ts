import { readFileSync } from 'node:fs'

/**
 * When a process of this computer started. With its number it names that
 * process and no later one: numbers are used again.
 *
 * @returns clock ticks since this computer booted; undefined when there is no
 * such process, or only what is left of one that has ended
 * @example
 * startOf(process.pid) // '184467'
 */
export function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the name, in brackets, and may hold spaces.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    // A killed process stays a zombie where nobody waits for it.
    return fields[0] === 'Z' ? undefined : fields[19]
  } catch {
    return undefined
  }
}
