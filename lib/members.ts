import { assertCreatable, assertSameMembers, type Cluster } from './cluster.ts'
import type { State } from './state.ts'

// Step 05 starts the members of etcd.
const starter = '05'

/**
 * Refuses control planes with which the steps cannot go on: an even number
 * for a cluster that has no etcd yet, and others than those of a cluster that
 * has one. Call it before anything is changed.
 *
 * @throws ClusterFileError with the line of cluster.yaml
 * @example
 * requireMembers(cluster, openState(cluster, false))
 */
export function requireMembers(
  { file }: Pick<Cluster, 'file'>,
  state: Pick<State, 'steps'>,
): void {
  const record = state.steps()[starter]
  if (record) assertSameMembers(file, record)
  else assertCreatable(file)
}
