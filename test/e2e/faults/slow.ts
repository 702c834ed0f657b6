// A machine that has a fifth of a processor for all that it does. Its link has
// no delay: that takes netem, which not every kernel that runs this has.

import assert from 'node:assert/strict'
import { slowDown } from '../limits.ts'
import { leaderAndFollower } from './members.ts'
import { rounded, type Scene } from './scene.ts'

/** Steps look at a slow machine and change it, with patience for it. */
export async function slowMachine(scene: Scene): Promise<string> {
  const { cluster, guide } = scene
  const { follower } = await leaderAndFollower(cluster)
  const giveBack = slowDown(cluster.name, follower.name)
  const run = async (step: string, ...flags: string[]) => {
    const began = performance.now()
    const { exitCode, all } = await guide.step(step, ...flags)
    assert.equal(exitCode, 0, all)
    return { all, took: `${rounded((performance.now() - began) / 1000)} s` }
  }
  const etcdRestarts = async () => {
    const { all, took } = await run('05-etcd')
    assert.match(all, /etcd\.service restarted/)
    return took
  }
  let seen: string
  try {
    const machines = await run('01-machines', '--verify')
    const etcd = await run('05-etcd', '--verify')
    guide.edit((file) => {
      file.overrides = { 'control-plane': { etcd: { 'log-level': 'warn' } } }
    })
    const changed = await etcdRestarts()
    seen =
      `every check passed: 01 in ${machines.took}, 05 in ${etcd.took}; ` +
      `05 made a change in ${changed}`
  } finally {
    giveBack()
  }
  guide.edit((file) => {
    delete file.overrides
  })
  await etcdRestarts()
  return seen
}
