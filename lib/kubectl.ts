import { architectureHere } from './artifacts/artifact.ts'
import { obtain } from './artifacts/obtain.ts'
import { printProgress } from './artifacts/progress.ts'
import type { Cluster } from './cluster.ts'
import { GuideError } from './errors.ts'

/**
 * Has the kubectl of the cluster's version for this computer, and leaves
 * whatever kubectl is installed alone: one that is two minor versions apart
 * is not supported.
 *
 * @returns absolute path of the program, in the operator's cache
 * @throws {GuideError} on a computer that Kubernetes has no kubectl for, and
 * when no source has it
 * @example
 * await $`${await kubectlOf(cluster)} --kubeconfig ${path} get nodes`
 * @see https://kubernetes.io/releases/version-skew-policy/#kubectl
 */
export async function kubectlOf(
  cluster: Pick<Cluster, 'versions' | 'artifacts'>,
): Promise<string> {
  const architecture = architectureHere()
  if (!architecture) {
    throw new GuideError(
      `No kubectl for this computer: found ${process.arch}, allowed are x64 ` +
        'and arm64',
    )
  }
  const { file } = await obtain(
    'kubectl',
    cluster.versions.kubernetes,
    architecture,
    { ...cluster.artifacts, report: printProgress() },
  )
  return file
}
