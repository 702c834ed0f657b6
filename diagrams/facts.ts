import { join } from 'node:path'
import { formatAddress, parseRange } from '../lib/addresses.ts'
import { loadCluster, type MachineEntry } from '../lib/cluster.ts'

/** The cluster that the pages show: the one that `npm run up` builds. */
export const cluster = loadCluster(
  join(import.meta.dirname, '..', 'cluster.yaml'),
)

/** How many members of etcd must agree, of so many. */
export function quorum(members: number): number {
  return Math.floor(members / 2) + 1
}

export function namesOf(machines: readonly MachineEntry[]): string {
  return machines.map(({ name }) => name).join(', ')
}

/**
 * A pod subnet, for the pictures. Which machine has which is for the
 * controller manager to say, once a cluster runs.
 *
 * @param index of the subnet in the pod range
 */
export function podSubnet(index: number) {
  const { pods, podsPerMachine } = cluster.networks
  const size = 2 ** (32 - podsPerMachine)
  const first = (parseRange(pods)?.first ?? 0) + index * size
  const address = (host: number) => formatAddress(first + host)
  return { range: `${address(0)}/${podsPerMachine}`, address }
}
