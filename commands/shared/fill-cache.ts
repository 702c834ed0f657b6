import {
  type Architecture,
  architectures,
} from '../../lib/artifacts/artifact.ts'
import { prepareAll } from '../../lib/artifacts/obtain.ts'
import { printProgress } from '../../lib/artifacts/progress.ts'
import type { Cluster } from '../../lib/cluster.ts'
import { GuideError } from '../../lib/errors.ts'

/**
 * Has everything that machines of one architecture need in the operator's
 * cache, and prints how it comes there.
 *
 * @param architecture undefined is refused: this computer's is not known
 * @returns how many files were not there before
 * @throws {GuideError} when something is not to be had, or is not what was
 * published
 */
export async function fillCache(
  cluster: Cluster,
  architecture: Architecture | undefined,
  options: { signal: AbortSignal },
): Promise<number> {
  if (!architecture) {
    throw new GuideError(
      `Cannot fill the cache for this computer: found ${process.arch}, ` +
        `allowed: ${architectures.join(', ')}`,
    )
  }
  const artifacts = await prepareAll(cluster, architecture, {
    ...{ signal: options.signal, report: printProgress() },
  })
  return artifacts.filter(({ source }) => source !== 'cache').length
}
