import { removePatience } from '../lib/patience.ts'
import { closeSsh } from '../lib/ssh.ts'
import { recordHosts, removeKey } from './keys.ts'
import { loadLab } from './lab-file.ts'
import { bare, labPlan } from './plan.ts'
import { asRoot } from './root.ts'
import { type DownResult, leftovers, type Report } from './task.ts'

/**
 * Removes the machines of a cluster.yaml and all that was made for them:
 * processes, mounts, links, namespaces, cgroups, files, settings of this
 * host. Also after a crash, and also twice. Caches stay, and so does the
 * cluster's state folder but for the lab's key and the machines' host keys.
 *
 * @returns what was there and is gone, in words; empty if there was nothing
 * @example
 * await labDown('cluster.yaml')
 */
export async function labDown(
  clusterFile: string,
  { report = console.log }: { report?: Report } = {},
): Promise<{ removed: string[] }> {
  const { cluster, lab } = loadLab(clusterFile)
  const plan = labPlan(cluster, lab, '')
  await closeSsh(cluster.machines, cluster.directory).catch(() => undefined)
  const { removed } = leftovers(plan)
    ? ((await asRoot({ verb: 'down', plan }, report)) as DownResult)
    : { removed: [] }
  await removeKey(cluster.directory)
  removePatience(cluster.directory)
  await recordHosts(
    cluster.directory,
    plan.machines.map(({ address, sshPort }) => ({
      address: bare(address),
      port: sshPort,
    })),
  )
  report(
    removed.length ? `✓ removed ${removed.join(', ')}` : '✓ nothing to remove',
  )
  return { removed }
}
