// Programs that die, on machines that live on.

import assert from 'node:assert/strict'
import type { Manifest } from '../../../lib/kubernetes.ts'
import { leaderAndFollower } from './members.ts'
import { rounded, type Scene } from './scene.ts'
import { webOf } from './web.ts'

/**
 * One member of etcd is killed as soon as it runs, more often than systemd
 * lets a service fail by default.
 */
export async function memberKilled(scene: Scene): Promise<string> {
  const { follower } = await leaderAndFollower(scene.cluster)
  const times = 7
  const seconds = await killMain(scene, follower.name, 'etcd', times)
  return (
    `etcd of ${follower.name} was killed ${times} times as soon as it ran, ` +
    `which took ${seconds} s`
  )
}

/** The leader of etcd is killed. */
export async function leaderKilled(scene: Scene): Promise<string> {
  const { leader } = await leaderAndFollower(scene.cluster)
  const seconds = await killMain(scene, leader.name, 'etcd')
  await scene.whole()
  const { leader: now } = await leaderAndFollower(scene.cluster)
  return (
    `etcd of ${leader.name} ran again after ${seconds} s; ` +
    (now.name === leader.name ? 'it leads again' : `${now.name} leads now`)
  )
}

/** Every API server in turn, so that the client's own is among them. */
export async function apiServersStopped(scene: Scene): Promise<string> {
  for (const { name } of scene.cluster.controlPlanes) {
    await scene.guide.on(name, 'systemctl stop kube-apiserver')
    await scene.writer.more(10)
    await scene.guide.on(name, 'systemctl start kube-apiserver')
    await scene.whole()
  }
  return 'one after the other; balancers took the next'
}

/** The programs of a worker under pods that must not notice. */
export async function nodeProgramsKilled(scene: Scene): Promise<string> {
  const web = await webOf(scene)
  const { name } = scene.seat
  const here = ({ spec }: Manifest) => spec.nodeName === name
  const before = (await web.pods()).filter(here).map(lifeOf)
  assert(before.length > 0, `no pod of web runs on ${name}`)
  const seen: string[] = []
  for (const unit of ['kubelet', 'containerd', 'api-balancer']) {
    const began = new Date()
    const seconds = await killMain(scene, name, unit)
    await scene.whole(began)
    seen.push(`${unit} ${seconds} s`)
  }
  const after = (await web.pods()).filter(here).map(lifeOf)
  assert.deepEqual(after, before)
  await web.remove()
  return `ran again after: ${seen.join(', ')}; no pod was restarted`
}

function lifeOf({ metadata, status }: Manifest) {
  const [container] = status.containerStatuses
  const { containerID, restartCount } = container
  return { uid: metadata.uid, containerID, restartCount }
}

/**
 * Kills what systemd started, and waits for the next.
 *
 * @returns seconds until that ran
 */
export async function killMain(
  { guide }: Scene,
  machine: string,
  unit: string,
  times = 1,
): Promise<number> {
  const milliseconds = await guide.on(
    machine,
    `set -eu
    main() { systemctl show -p MainPID --value ${unit}; }
    runs() {
      now=$(main)
      [ "$now" != 0 ] && [ "$now" != $before ] &&
        systemctl is-active --quiet ${unit}
    }
    again() {
      before=$(main)
      kill -KILL $before
      for i in $(seq 400); do
        if runs; then return; fi
        sleep 0.05
      done
      systemctl status ${unit} --no-pager >&2
      exit 1
    }
    began=$(date +%s%3N)
    for time in $(seq ${times}); do again; done
    echo $(($(date +%s%3N) - began))`,
  )
  return rounded(Number(milliseconds) / 1000)
}
