// What the kernel lets a machine of the lab have, changed under it.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findCgroup } from '../../lab/cgroup.ts'
import { machineCgroup } from '../../lab/made.ts'

/**
 * Gives a machine a fifth of a processor for all that it does.
 *
 * @returns gives it back what it had
 */
export function slowDown(cluster: string, machine: string): () => void {
  // Of 100 ms; of cgroup v1 and v2.
  return limit(cluster, machine, [
    ['cpu.cfs_quota_us', '20000'],
    ['cpu.max', '20000 100000'],
  ])
}

/**
 * Has all processes of a machine stand still, until it is killed.
 *
 * @returns lets them go on
 */
export function freeze(cluster: string, machine: string): () => void {
  return limit(cluster, machine, [
    ['freezer.state', 'FROZEN'],
    ['cgroup.freeze', '1'],
  ])
}

function limit(
  cluster: string,
  machine: string,
  limits: [file: string, text: string][],
): () => void {
  for (const folder of findCgroup(machineCgroup(cluster, machine))) {
    for (const [file, text] of limits) {
      const path = join(folder, file)
      if (!existsSync(path)) continue
      const before = readFileSync(path, 'utf8')
      writeFileSync(path, text)
      return () => writeFileSync(path, before)
    }
  }
  throw new Error(`nothing can be limited for ${machine}`)
}
