import { setTimeout as sleep } from 'node:timers/promises'
import type { Cluster } from '../../lib/cluster.ts'
import type { Host } from '../../lib/host.ts'
import { lazyHost } from '../../lib/hosts.ts'
import { sh } from '../../lib/shell.ts'
import { openState } from '../../lib/state.ts'

/** What all machines of a cluster use together. */
export interface Use {
  memoryBytes: number
  diskBytes: number
}

/**
 * Measures machines, of whatever kind, as one could by hand:
 *
 * - memory is the sum of PSS over all their processes, from
 *   `/proc/PID/smaps_rollup`: a page that n processes share counts for 1/n in
 *   each. The kernel's own memory and the page cache, which it gives back
 *   under pressure, are not in it.
 *   Programs grow as they are used, so a step that leaves nothing may add some.
 * - disk is what `du` finds on the file systems of `/` and `/var/lib`: lab
 *   machines have these two. What is mounted below counts where it lies.
 */
export function measurer(cluster: Cluster): () => Promise<Use> {
  const state = openState(cluster, false)
  const hosts = cluster.machines.map((machine) =>
    lazyHost(machine, state, () => undefined),
  )
  const processes = async () => {
    const counts = await Promise.all(hosts.map(countProcesses))
    return counts.reduce((total, count) => total + count, 0)
  }
  return async () => {
    // Pods that a check has removed are a while on their way out.
    let count = await processes()
    for (let quiet = 0, asked = 0; quiet < 2 && asked < 15; asked++) {
      await sleep(2000)
      const now = await processes()
      quiet = now === count ? quiet + 1 : 0
      count = now
    }
    const uses = await Promise.all(hosts.map(measure))
    const sum = (figure: keyof Use) =>
      uses.reduce((total, use) => total + use[figure], 0)
    return { memoryBytes: sum('memoryBytes'), diskBytes: sum('diskBytes') }
  }
}

async function countProcesses(host: Host): Promise<number> {
  return Number(await host.read(sh`echo /proc/[0-9]*/exe | wc -w`))
}

async function measure(host: Host): Promise<Use> {
  // Processes and files may go while one looks.
  const output = await host.read(sh`
    sync
    { cat /proc/[0-9]*/smaps_rollup | grep '^Pss:'; } 2>/dev/null || true
    { du -xsc --block-size=1 / /var/lib | tail -n 1; } 2>/dev/null || true`)
  return parseUse(output)
}

/**
 * Reads what the script above prints.
 *
 * @example
 * parseUse('Pss:   12 kB\nPss:   30 kB\n4096 total')
 * // { memoryBytes: 43008, diskBytes: 4096 }
 */
export function parseUse(output: string): Use {
  const memory = [...output.matchAll(/^Pss:\s+(\d+) kB$/gm)]
  const disk = /^(\d+)\s+total$/m.exec(output)
  if (memory.length === 0 || !disk) {
    throw new Error(`Cannot read what a machine uses from\n${output}`)
  }
  const kilobytes = memory.reduce((sum, [, figure]) => sum + Number(figure), 0)
  return { memoryBytes: kilobytes * 1024, diskBytes: Number(disk[1]) }
}
