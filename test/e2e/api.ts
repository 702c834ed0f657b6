// The API of a cluster under test, without a step or kubectl between.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Cluster, MachineEntry } from '../../lib/cluster.ts'
import { readKubeconfig } from '../../lib/kubeconfig.ts'
import { KubernetesApi } from '../../lib/kubernetes.ts'

/** Where the API server of a control plane answers. */
export function serverOf(
  { ports }: Cluster,
  { address }: MachineEntry,
): string {
  return `https://${address}:${ports.apiServer.port}`
}

/**
 * The API of a cluster, for its administrator.
 *
 * @param servers whom to ask; by default the API servers themselves
 */
export function apiOf(
  cluster: Cluster,
  servers: readonly string[] = cluster.controlPlanes.map((it) =>
    serverOf(cluster, it),
  ),
): KubernetesApi {
  const file = join(cluster.directory, 'kubeconfig/admin.yaml')
  return new KubernetesApi(servers, readKubeconfig(readFileSync(file, 'utf8')))
}
