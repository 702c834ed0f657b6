// Machines that lose their power, or are powered off.

import assert from 'node:assert/strict'
import { leaderAndFollower } from './members.ts'
import { killMain } from './programs.ts'
import { rounded, type Scene } from './scene.ts'
import { webOf } from './web.ts'

/** One member of etcd is killed, and then its machine loses its power. */
export async function memberMachineKilled(scene: Scene): Promise<string> {
  const { name } = (await leaderAndFollower(scene.cluster)).follower
  const seconds = await killMain(scene, name, 'etcd')
  const lost = await lose(scene, 'kill', name)
  return `etcd of ${name} was killed, and ran again after ${seconds} s; ${lost}`
}

/** A control plane is powered off: the one that leads. */
export async function controlPlaneStopped(scene: Scene): Promise<string> {
  const { leader } = await leaderAndFollower(scene.cluster)
  return lose(scene, 'stop', leader.name)
}

/** All machines are powered off at once, and started again. */
export async function allStopped(scene: Scene): Promise<string> {
  const { guide, cluster, writer } = scene
  const names = cluster.machines.map(({ name }) => name)
  const said = await guide.npm('lab', 'stop', ...names)
  assert.equal(said.match(/✓ .* powered off/g)?.length, names.length, said)

  const began = new Date()
  const seconds = () => rounded((Date.now() - began.getTime()) / 1000)
  await guide.npm('lab', 'start', ...names)
  const booted = seconds()
  await writer.more(1, 180)
  const written = seconds()
  await scene.whole(began)
  const whole = seconds()
  const applied = await guide.npm('steps')
  assert.match(applied, /no changes, \d+ verified/)
  return (
    `from power on: SSH after ${booted} s, the first write after ` +
    `${written} s, all nodes Ready after ${whole} s; no step had anything to ` +
    'change, and every check passed'
  )
}

/** A worker loses its power: its pods move, and it comes back. */
export async function workerLost(scene: Scene): Promise<string> {
  const { guide, cluster, seat, writer } = scene
  const web = await webOf(scene)
  const nodes = (await web.pods()).map(({ spec }) => spec.nodeName)
  const lost = cluster.workers.find(
    ({ name }) => name !== seat.name && nodes.includes(name),
  )
  if (!lost) throw new Error(`pods of web run on ${nodes.join(' and ')}`)
  const mark = writer.mark()
  await guide.npm('lab', 'kill', lost.name)
  await web.areOff(lost.name)
  const moved = rounded((performance.now() - mark.at) / 1000)
  const back = await start(scene, lost.name)
  await web.remove()
  return `its pods ran elsewhere after ${moved} s; ${back}`
}

async function lose(scene: Scene, how: 'kill' | 'stop', name: string) {
  const said = await scene.guide.npm('lab', how, name)
  assert.match(said, /✓/)
  await scene.writer.more(50)
  return `without ${name} the client wrote on; ${await start(scene, name)}`
}

async function start(scene: Scene, name: string): Promise<string> {
  const began = new Date()
  await scene.guide.npm('lab', 'start', name)
  await scene.whole(began)
  const seconds = rounded((Date.now() - began.getTime()) / 1000)
  return `it was whole again ${seconds} s after power on`
}
