// A cluster of which nothing is missing.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Cluster, MachineEntry } from '../../../lib/cluster.ts'
import { conditionOf } from '../../../lib/conditions.ts'
import { ask } from '../../../lib/https.ts'
import type { KubernetesApi } from '../../../lib/kubernetes.ts'
import { serverOf } from '../api.ts'
import { memberOf } from './members.ts'

/**
 * Every member, every API server and every node is there.
 *
 * @param since by when a kubelet must have said so: a node that is gone
 * looks well for the best part of a minute
 * @throws {Error} with the first that is not
 */
export async function expectWhole(
  cluster: Cluster,
  api: KubernetesApi,
  since?: Date,
): Promise<void> {
  const { controlPlanes } = cluster
  const members = await Promise.all(
    controlPlanes.map((it) => memberOf(cluster, it)),
  )
  const ill = members.filter((it) => !it.healthy)
  if (ill.length > 0) throw new Error(ill.map((it) => it.why).join('\n'))
  const leaders = members.filter(({ leads }) => leads)
  if (leaders.length !== 1) throw new Error(`${leaders.length} lead`)
  await Promise.all(controlPlanes.map((it) => expectReady(cluster, it)))
  await expectNodes(cluster, api, since)
}

async function expectReady(
  cluster: Cluster,
  machine: MachineEntry,
): Promise<void> {
  const file = join(cluster.directory, 'pki/cluster/ca.crt')
  const authority = readFileSync(file, 'utf8')
  const { status } = await ask(`${serverOf(cluster, machine)}/readyz`, {
    authority,
  })
  if (status === 200) return
  throw new Error(`API server of ${machine.name}: ${status}`)
}

async function expectNodes(
  cluster: Cluster,
  api: KubernetesApi,
  since?: Date,
): Promise<void> {
  const nodes = await api.list('/api/v1/nodes')
  for (const { name } of cluster.machines) {
    const node = nodes.find(({ metadata }) => metadata.name === name)
    const { status, message } = (node && conditionOf(node, 'Ready')) ?? {}
    if (status !== 'True') throw new Error(`node ${name}: ${message}`)
  }
  if (!since) return
  const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease'
  for (const { metadata, spec } of await api.list(`${leases}/leases`)) {
    if (Date.parse(spec.renewTime) > since.getTime()) continue
    throw new Error(`${metadata.name} was last heard of ${spec.renewTime}`)
  }
}
