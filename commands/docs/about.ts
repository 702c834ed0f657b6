import { execa } from 'execa'
import type { Cluster } from '../../lib/cluster.ts'
import { repository } from './recorded.ts'

/**
 * What every recording says of itself: when, of which code, on what.
 *
 * @param machines kind of the machines
 */
export async function aboutThisRun(cluster: Cluster, machines: string) {
  return {
    ...(await dateAndCommit()),
    machines,
    topology: topologyOf(cluster),
    versions: cluster.versions,
  }
}

/** The day, and the commit; `-dirty` if the code that is run is another. */
export async function dateAndCommit() {
  const git = async (...words: string[]) => {
    const { stdout } = await execa('git', words, { cwd: repository })
    return stdout.trim()
  }
  const commit = await git('rev-parse', '--short=12', 'HEAD')
  const code = ['steps', 'lib', 'lab', 'cluster.yaml']
  const changed = await git('status', '--porcelain', '--', ...code)
  return {
    recordedAt: new Date().toISOString().slice(0, 10),
    commit: changed ? `${commit}-dirty` : commit,
  }
}

function topologyOf({ machines, controlPlanes, workers }: Cluster): string {
  const count = (many: number, what: string) =>
    `${many} ${what}${many === 1 ? '' : 's'}`
  return machines.length < controlPlanes.length + workers.length
    ? `${count(machines.length, 'machine')}, control plane and worker`
    : `${count(controlPlanes.length, 'control plane')}, ` +
        count(workers.length, 'worker')
}
