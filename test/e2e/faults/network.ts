// A machine that the others cannot reach, and that does not know why.

import assert from 'node:assert/strict'
import { execa } from 'execa'
import { hardwareAddress, networkName } from '../../../lab/names.ts'
import { until } from '../../../lib/wait.ts'
import { leaderAmong, leaderAndFollower } from './members.ts'
import { rounded, type Scene } from './scene.ts'

/** The control plane that leads is cut off from all others, and healed. */
export async function networkCut(scene: Scene): Promise<string> {
  const { cluster, guide, writer } = scene
  const { leader, follower } = await leaderAndFollower(cluster)
  await guide.on(leader.name, otherSide(follower.address))
  const others = cluster.controlPlanes.filter((it) => it !== leader)
  const heal = await cutOff(cluster.name, leader.name)
  try {
    await until('another member leads', () => leaderAmong(cluster, others))
    await writer.more(20)
    await until(
      'the cut has lasted as long as its other side tries',
      () => performance.now() - heal.began > otherSideSeconds * 1000,
    )
  } finally {
    await heal.now()
  }
  const alone = rounded((performance.now() - heal.began) / 1000)
  await scene.whole()
  const tried = await guide.on(
    leader.name,
    `cat ${otherSideSays}; rm ${otherSideSays}`,
  )
  assert.match(tried.trim(), /^refused(\nrefused)*$/)
  return (
    `${leader.name}, which led, was alone for ${alone} s; ` +
    'another led, and on its side no write was accepted'
  )
}

// A write is given up after two seconds; a busy machine needs time, too.
const otherSideSeconds = 8
const otherSideSays = '/run/other-side'

// A program on the machine that will be alone: nobody can ask it then. It
// counts a write only if the machine still was alone after it.
function otherSide(peer: string): string {
  const pki = '/etc/etcd/pki'
  const etcdctl =
    `/usr/local/bin/etcdctl --cacert ${pki}/ca.crt --cert ${pki}/etcdctl.crt ` +
    `--key ${pki}/etcdctl.key --command-timeout 2s`
  return `rm -f ${otherSideSays}
    systemd-run --quiet --collect --unit other-side bash -c '
      reached() { timeout 0.5 bash -c "</dev/tcp/${peer}/2379"; }
      while reached; do sleep 0.1; done
      while
        ${etcdctl} put /kubernetes-from-scratch/other-side x >/dev/null 2>&1 &&
          said=accepted || said=refused
        ! reached
      do echo $said >> ${otherSideSays}; done'`
}

/**
 * Drops every frame of a machine in the lab's bridge, in both directions:
 * its link stays up, as with a broken switch.
 */
async function cutOff(cluster: string, machine: string) {
  const nft = (input: string) =>
    execa(
      'nsenter',
      [`--net=/run/netns/${networkName(cluster)}`, 'nft', '--file', '-'],
      { input },
    )
  const address = hardwareAddress(cluster, machine)
  const chains = ['input', 'forward', 'output'].map(
    (hook) => `chain ${hook} {
      type filter hook ${hook} priority 0
      ether saddr ${address} drop
      ether daddr ${address} drop
    }`,
  )
  await nft(`table bridge cut {\n${chains.join('\n')}\n}\n`)
  return {
    began: performance.now(),
    now: () => nft('delete table bridge cut\n'),
  }
}
