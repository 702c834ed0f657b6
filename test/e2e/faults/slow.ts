// A machine that has a fifth of a processor for all that it does.

import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findCgroup } from '../../../lab/cgroup.ts'
import { labCgroup } from '../../../lab/names.ts'
import { leaderAndFollower } from './members.ts'
import { rounded, type Scene } from './scene.ts'

/** Steps look at a slow machine, and have the patience for it. */
export async function slowMachine(scene: Scene): Promise<string> {
  const { cluster, guide } = scene
  const { follower } = await leaderAndFollower(cluster)
  const giveBack = slowDown(cluster.name, follower.name)
  const seen: string[] = []
  try {
    for (const step of ['01-machines', '05-etcd']) {
      const began = performance.now()
      const { exitCode, all } = await guide.step(step, '--verify')
      assert.equal(exitCode, 0, all)
      const seconds = rounded((performance.now() - began) / 1000)
      seen.push(`${step.slice(0, 2)} in ${seconds} s`)
    }
  } finally {
    giveBack()
  }
  return `every check passed: ${seen.join(', ')}`
}

function slowDown(cluster: string, machine: string): () => void {
  for (const folder of findCgroup(`${labCgroup(cluster)}/${machine}`)) {
    for (const [file, slow] of limits) {
      const path = join(folder, file)
      if (!existsSync(path)) continue
      const before = readFileSync(path, 'utf8')
      writeFileSync(path, slow)
      return () => writeFileSync(path, before)
    }
  }
  throw new Error(`no CPU limit can be set for ${machine}`)
}

// Of 100 ms; of cgroup v1 and v2.
const limits = [
  ['cpu.cfs_quota_us', '20000'],
  ['cpu.max', '20000 100000'],
] as const
