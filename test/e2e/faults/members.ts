// The members of etcd, each asked about itself.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Cluster, MachineEntry } from '../../../lib/cluster.ts'
import { ask } from '../../../lib/https.ts'

export interface Member {
  machine: MachineEntry
  /** It can write, which takes a leader and a quorum. */
  healthy: boolean
  leads: boolean
  /** What is wrong with it. */
  why: string
}

/** What a member says of itself; one that says nothing is ill. */
export async function memberOf(
  cluster: Cluster,
  machine: MachineEntry,
): Promise<Member> {
  const pki = (name: string) =>
    readFileSync(join(cluster.directory, 'pki/etcd', name), 'utf8')
  const identity = {
    authority: pki('ca.crt'),
    certificate: pki('etcdctl.crt'),
    key: pki('etcdctl.key'),
  }
  const url = `https://${machine.address}:${cluster.ports.etcdClient.port}`
  try {
    const [health, metrics] = await Promise.all([
      ask(`${url}/health`, identity),
      ask(`${url}/metrics`, identity),
    ])
    return {
      machine,
      healthy: health.status === 200,
      leads: /^etcd_server_is_leader 1$/m.test(metrics.text),
      why: `etcd of ${machine.name}: ${health.text}`,
    }
  } catch (error) {
    const why = `etcd of ${machine.name}: ${(error as Error).message}`
    return { machine, healthy: false, leads: false, why }
  }
}

/** The member that leads, and one that does not. */
export async function leaderAndFollower(
  cluster: Cluster,
): Promise<{ leader: MachineEntry; follower: MachineEntry }> {
  const leader = await leaderAmong(cluster, cluster.controlPlanes)
  const follower = cluster.controlPlanes.find((it) => it !== leader)
  if (leader && follower) return { leader, follower }
  throw new Error('no member of etcd leads, or there is but one')
}

/** The member that leads, if it is one of these. */
export async function leaderAmong(
  cluster: Cluster,
  machines: readonly MachineEntry[],
): Promise<MachineEntry | undefined> {
  const members = await Promise.all(
    machines.map((machine) => memberOf(cluster, machine)),
  )
  return members.find(({ leads }) => leads)?.machine
}
