import type { ArtifactSource, Component } from '../cluster-schema.ts'
import type { Architecture, Artifact } from './artifact.ts'
import { catalogue, componentOf } from './catalogue.ts'
import { UnavailableError } from './errors.ts'
import { gather, type ObtainOptions } from './gather.ts'
import { together } from './parallel.ts'

export type { Architecture, Artifact, ObtainOptions }

/**
 * Has one artifact in the operator's cache. What is there and undamaged is
 * used at once, without any network. Otherwise the sources are asked in their
 * order, and the first that has it fills the cache. A source that cannot be
 * reached is passed over, and said so.
 *
 * @param name of a program or image, as in the versions file: `kubelet`
 * @param version without `v`; one that the versions file does not have is
 * checked against the publisher's checksum file
 * @param architecture of the machines that will run it
 * @throws {ChecksumError} when something is not what was published; no other
 * source is tried and nothing is kept
 * @throws {UnavailableError} when no source has it, with what each said
 * @example
 * const { file, sha256 } = await obtain('kubelet', '1.37.1', 'amd64')
 */
export async function obtain(
  name: string,
  version: string,
  architecture: Architecture,
  options: ObtainOptions = {},
): Promise<Artifact> {
  const component = componentOf(name, options.catalogue)
  const all = await gather(component, [name], version, architecture, options)
  return all[0] as Artifact
}

/** What {@link prepareAll} needs to know of a cluster. */
export interface Needs {
  versions: Record<Component, string>
  artifacts: { sources: readonly ArtifactSource[]; mirror?: string }
}

/**
 * Has everything in the operator's cache that machines of one architecture
 * need: programs and images. What has to be built is built with one
 * `go build` per component. A {@link Cluster} fits as it is.
 *
 * @throws {ChecksumError} when something is not what was published
 * @throws {UnavailableError} when something is not to be had
 * @example
 * await prepareAll(cluster, 'amd64', { report: printProgress() })
 */
export async function prepareAll(
  { versions, artifacts }: Needs,
  architecture: Architecture,
  options: Omit<ObtainOptions, 'sources' | 'mirror'> = {},
): Promise<Artifact[]> {
  const { catalogue: from = catalogue(), signal = never } = options
  const needed = Object.entries(from.components).filter(
    ([, { onlyFor }]) => onlyFor === undefined,
  )
  const groups = needed.flatMap(([component, { default: standard, files }]) => {
    const versionOf = (name: string) =>
      versions[name as Component] ??
      versions[component as Component] ??
      standard
    const byVersion = Map.groupBy(files, versionOf)
    return [...byVersion].map(([version, names]) => {
      return { component, version, names }
    })
  })
  const { results, failures } = await together(
    groups.map(({ component, names, version }) => (stop) => {
      const all = { ...options, ...artifacts, signal: stop }
      return gather(component, names, version, architecture, all)
    }),
    signal,
  )
  const [failure, ...others] = failures
  if (failure && others.length === 0) throw failure
  if (failure) {
    throw new UnavailableError(
      `${failures.length} components cannot be had; the first of them:\n` +
        failure.message,
      [...new Set(failures.flatMap(({ next }) => next))],
    )
  }
  return results.flat()
}

const never = new AbortController().signal
