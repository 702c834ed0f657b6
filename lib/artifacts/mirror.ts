import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Artifact } from './artifact.ts'
import { type CacheRecord, mirrorPath, recordSchema } from './cache.ts'
import { pinOf } from './catalogue.ts'
import { download, wrongChecksum } from './download.ts'
import { UnavailableError } from './errors.ts'
import { requestText } from './http.ts'
import { keepFile, type Order, titleOf, wantedOf } from './order.ts'
import { together, unavailable } from './parallel.ts'
import { fetchReleases, viaMirror } from './release.ts'

/**
 * Fills the cache from a mirror. A mirror may be laid out in two ways, and may
 * mix them:
 *
 * - as the publishers are, with the host as the first folder:
 *   `MIRROR/dl.k8s.io/release/v1.37.1/bin/linux/amd64/kubelet`. Checked as if
 *   it came from the publisher.
 * - as a cache of this guide is: `MIRROR/kubernetes/1.37.1/amd64/kubelet`, with
 *   the record `kubelet.json` beside it. Pinned files are checked against the
 *   pin. For files that come out of archives or were built, the record is all
 *   there is, so whoever runs such a mirror is trusted as a publisher is; what
 *   was built is taken only where `build` is among the sources.
 *
 * @throws {ChecksumError} when something is not what was published
 * @throws {UnavailableError} when the mirror does not have it
 * @example
 * await fetchFromMirror({ ...order, mirror: 'http://10.0.0.1:8089' })
 */
export async function fetchFromMirror(order: Order): Promise<Artifact[]> {
  const { mirror } = order
  if (!mirror) {
    throw new UnavailableError('no mirror is named', [
      'name one in cluster.yaml, as `artifacts.mirror`',
    ])
  }
  try {
    return await fetchReleases(order, 'mirror', viaMirror(mirror))
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error
    const base = mirror.replace(/\/+$/, '')
    const { results, failures } = await together(
      order.names.map((name) => (signal) => {
        return fetchCopy({ ...order, signal }, name, base)
      }),
      order.signal,
    )
    if (failures.length) throw unavailable([error, ...failures])
    return results
  }
}

async function fetchCopy(
  order: Order,
  name: string,
  mirror: string,
): Promise<Artifact> {
  const { signal, patience, work, report } = order
  const path = mirrorPath(wantedOf(order, name), order.catalogue)
  const url = `${mirror}/${path}`
  const record = parseRecord(
    await requestText(`${url}.json`, { ...patience, signal }),
    `${url}.json`,
  )
  refuseCopy(order, name, url, record)
  await mkdir(work, { recursive: true })
  const file = join(work, name)
  const { sha256, official, download: archive, digest, recipe } = record
  await download(url, file, {
    ...patience,
    sha256,
    signal,
    progress: (done) =>
      report({
        kind: 'progress',
        ...{ what: titleOf(order, name), unit: 'bytes' },
        ...{ done, total: record.size },
      }),
  })
  return keepFile(order, name, file, {
    ...{ origin: 'mirror', from: url, official },
    ...(archive && { download: archive }),
    ...(digest && { digest }),
    ...(recipe && { recipe }),
  })
}

function refuseCopy(
  { entry, version, architecture, sources }: Order,
  name: string,
  url: string,
  record: CacheRecord,
): void {
  const released = record.download ?? (record.official ? record.sha256 : '')
  if (!released) {
    if (sources.includes('build')) return
    throw new UnavailableError(
      `${url} was built by whoever runs the mirror, and is no release`,
      ['to accept it, add `build` to `artifacts.sources` in cluster.yaml'],
    )
  }
  const pin = pinOf(entry.sha256, name, version, architecture)
  if (pin && released !== pin) throw wrongChecksum(url, released, pin)
  // A bare file is the release itself.
  if (pin && entry.release && !entry.release.member && record.sha256 !== pin) {
    throw wrongChecksum(url, record.sha256, pin)
  }
}

function parseRecord(text: string, url: string): CacheRecord {
  try {
    return recordSchema.parse(JSON.parse(text))
  } catch {
    throw new UnavailableError(`${url} is no record of an artifact`)
  }
}
