import type { Architecture } from './artifact.ts'
import {
  type Catalogue,
  catalogue,
  componentOf,
  entryOf,
  releaseOf,
} from './catalogue.ts'
import { rememberedHash } from './lockfile.ts'

/** What a machine needs to fetch one file from its publisher by itself. */
export interface DirectDownload {
  url: string
  /** Of what `url` gives: the archive, where there is a member. */
  sha256OfDownload: string
  /** The file's path in the archive; absent for a bare file. */
  member?: string
}

/**
 * Where a machine may fetch a file by itself, without the operator. Compare
 * the result with the sha256 of {@link obtain}: it is the same file when that
 * says `official`.
 *
 * @returns undefined for images, and where no hash is known to check against
 * @throws {GuideError} for a name that the versions file does not have
 * @example
 * urlsFor('etcd', '3.7.1', 'amd64')?.member
 */
export function urlsFor(
  name: string,
  version: string,
  architecture: Architecture,
  from: Catalogue = catalogue(),
): DirectDownload | undefined {
  if (entryOf(componentOf(name, from), from).image) return undefined
  const release = releaseOf(name, version, architecture, from)
  if (!release) return undefined
  const { url, member } = release
  const sha256OfDownload = release.sha256 ?? rememberedHash(url)
  if (!sha256OfDownload) return undefined
  return { url, sha256OfDownload, ...(member && { member }) }
}
