// What runs on this computer, read from the kernel itself.

import { readdirSync, readFileSync } from 'node:fs'

export interface RunningProcess {
  pid: number
  parent: number
  name: string
  /** Its command line; of a thread of the kernel and of a zombie, nothing. */
  words: string[]
}

/** All processes but those that end while they are listed. */
export function runningProcesses(): RunningProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
        // Some write a title of their own there, and end it with no NUL.
        const title = line.replace(/\0+$/, '')
        const words = title ? title.split('\0') : []
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
        // The name is in brackets, and may hold spaces and brackets.
        const end = stat.lastIndexOf(')')
        const name = stat.slice(stat.indexOf('(') + 1, end)
        const parent = Number(stat.slice(end + 2).split(' ')[1])
        return [{ pid: Number(pid), parent, name, words }]
      } catch {
        return []
      }
    })
}
