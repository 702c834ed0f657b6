import { homedir } from 'node:os'
import { join } from 'node:path'

const project = 'kubernetes-from-scratch'

/**
 * The folder that holds what can be downloaded or built again: binaries,
 * images, the lab's base system. Safe to delete; the next run is slower.
 *
 * @returns `$XDG_CACHE_HOME/kubernetes-from-scratch`, by default below
 * `~/.cache`
 * @example
 * join(cacheDirectory(), 'artifacts')
 * @see https://specifications.freedesktop.org/basedir-spec/latest/
 */
export function cacheDirectory(): string {
  const base = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')
  return join(base, project)
}

/**
 * The folder that holds what must not be lost: the keys of one cluster's
 * authorities, its encryption key, its kubeconfigs, the known host keys.
 *
 * @param cluster name of the cluster, as in `cluster.yaml`
 * @returns `$XDG_STATE_HOME/kubernetes-from-scratch/NAME`, by default below
 * `~/.local/state`
 * @example
 * join(stateDirectory('scratch'), 'pki')
 * @see https://specifications.freedesktop.org/basedir-spec/latest/
 */
export function stateDirectory(cluster: string): string {
  const base = process.env.XDG_STATE_HOME || join(homedir(), '.local', 'state')
  return join(base, project, cluster)
}
