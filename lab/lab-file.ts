import { type Cluster, type Lab, loadClusterFile } from '../lib/cluster.ts'
import { GuideError } from '../lib/errors.ts'

/**
 * Reads the cluster.yaml of a lab.
 *
 * @throws {GuideError} when it describes machines that are not the lab's
 */
export function loadLab(file: string): { cluster: Cluster; lab: Lab } {
  const { cluster, lab } = loadClusterFile(file)
  if (lab) return { cluster, lab }
  throw new GuideError(
    `${cluster.file} has no \`lab\`, so its machines are not ours to make, ` +
      'start or delete',
    ['for machines of the lab, add to it: lab: { machines: container }'],
  )
}
