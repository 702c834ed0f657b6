import { join, resolve } from 'node:path'
import { type CertificateEntry, certificatesOf } from './certificates.ts'
import { type BuiltCluster, buildCluster } from './cluster.ts'
import { type FilesData, filesOf } from './files.ts'
import { type FlagSection, flagsData } from './flags.ts'

/** What the reference pages are made from, by the name of its file. */
export interface Reference {
  files: FilesData
  certificates: CertificateEntry[]
  flags: FlagSection[]
}

/** Where a part of the reference is kept. */
export function referenceFile(part: keyof Reference): string {
  const root = resolve(import.meta.dirname, '..', '..')
  return join(root, 'docs', 'reference', `${part}.json`)
}

/** The clusters that the reference looks at: of each kind of machine, one. */
export async function referenceClusters(): Promise<
  [BuiltCluster, BuiltCluster]
> {
  return [
    await buildCluster({ virtual: true }),
    await buildCluster({ virtual: false }),
  ]
}

/**
 * Makes the reference anew: runs the steps on fakes, and asks the components.
 *
 * @throws when a component does not know a flag, or is not in the cache
 */
export async function makeReference(): Promise<Reference> {
  const clusters = await referenceClusters()
  return {
    files: filesOf(clusters),
    certificates: certificatesOf(clusters[0]),
    flags: await flagsData(clusters),
  }
}
