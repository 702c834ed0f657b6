import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Cluster } from '../../lib/cluster.ts'
import { GuideError } from '../../lib/errors.ts'
import { openState } from '../../lib/state.ts'
import { npmRun } from './arguments.ts'

/**
 * Path of the administrator's kubeconfig.
 *
 * @param flag the `--cluster FILE` that was given, for the advice
 * @throws {GuideError} when the cluster has none yet
 */
export function adminKubeconfig(cluster: Cluster, flag?: string): string {
  openState(cluster, false) // refuses the folder of another cluster
  const file = join(cluster.directory, 'kubeconfig', 'admin.yaml')
  if (existsSync(file)) return file
  throw new GuideError(
    `The cluster ${cluster.name} has no kubeconfig: found no ${file}`,
    [`step 04 makes it, and so does all of: ${npmRun('up', [flag])}`],
  )
}
