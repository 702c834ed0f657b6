import type { ArtifactSource } from '../cluster-schema.ts'
import type { Architecture, Artifact } from './artifact.ts'
import type { CacheRecord } from './cache.ts'
import { cacheFile, keep } from './cache.ts'
import type { Catalogue, ComponentEntry } from './catalogue.ts'
import type { DownloadOptions } from './download.ts'
import type { Report } from './progress.ts'

/** What every source is asked for: files of one version of one component. */
export interface Order {
  component: string
  entry: ComponentEntry
  /** What is still missing of it. */
  names: readonly string[]
  version: string
  architecture: Architecture
  sources: readonly ArtifactSource[]
  mirror?: string
  catalogue: Catalogue
  /** Where what is not finished lies; nobody else works there now. */
  work: string
  patience: Pick<
    DownloadOptions,
    'connectSeconds' | 'stallSeconds' | 'attempts' | 'pauseSeconds'
  >
  report: Report
  signal: AbortSignal
}

/** Fills the cache with some or all of what is ordered. */
export type Source = (order: Order) => Promise<Artifact[]>

/**
 * How a line of progress calls an order, or one file of it.
 *
 * @example
 * titleOf(order, 'kubelet') // 'kubelet 1.37.1 amd64'
 */
export function titleOf(
  { version, architecture }: Order,
  name: string,
): string {
  return `${name} ${version} ${architecture}`
}

/**
 * Where a file of an order lies in the cache.
 *
 * @example
 * dirname(fileOf(order, 'kubelet'))
 */
export function fileOf(order: Order, name: string): string {
  return cacheFile(wantedOf(order, name), order.catalogue)
}

/**
 * Puts a finished file of an order into the cache.
 *
 * @example
 * await keepFile(order, 'kubelet', temporary, facts)
 */
export function keepFile(
  order: Order,
  name: string,
  temporary: string,
  facts: Omit<CacheRecord, 'sha256' | 'size' | 'mtimeMs'>,
): Promise<Artifact> {
  return keep(wantedOf(order, name), temporary, facts, order.catalogue)
}

/**
 * One file of an order.
 *
 * @example
 * mirrorPath(wantedOf(order, 'kubelet'))
 */
export function wantedOf({ version, architecture }: Order, name: string) {
  return { name, version, architecture }
}
