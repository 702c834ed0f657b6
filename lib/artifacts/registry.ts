import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Artifact, Origin } from './artifact.ts'
import { fill, imageReference, parts, pinOf } from './catalogue.ts'
import { sha256Of } from './checksum.ts'
import { download, wrongChecksum } from './download.ts'
import { UnavailableError } from './errors.ts'
import { requestText } from './http.ts'
import { type Blob, digestOf, imageArchive } from './image.ts'
import { refuseOtherHash, rememberHash } from './lockfile.ts'
import { keepFile, type Order, titleOf } from './order.ts'

const descriptor = z.object({
  mediaType: z.string(),
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  size: z.number(),
})
const index = z.object({
  manifests: z.array(
    descriptor.extend({
      platform: z.object({ os: z.string(), architecture: z.string() }),
    }),
  ),
})
const manifest = z.object({
  mediaType: z.string(),
  config: descriptor,
  layers: z.array(descriptor),
})

const kinds = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
]

/**
 * Fetches an image from its registry into an archive in the cache. Every part
 * is checked against the hash by which the manifest names it, and the manifest
 * against the versions file, or against what the registry said before.
 *
 * @throws {ChecksumError} for any part that is not what it should be
 * @throws {UnavailableError} when the registry does not give it
 * @example
 * await pullImage(order, 'pause', 'download', (url) => url)
 * @see https://github.com/opencontainers/distribution-spec
 */
export async function pullImage(
  order: Order,
  name: string,
  origin: Origin,
  route: (url: string) => string,
): Promise<Artifact[]> {
  const { entry, version, architecture, signal, patience, report } = order
  const { manifest: pattern } = entry.image ?? {}
  if (!pattern) {
    throw new UnavailableError(`nobody releases ${name} as a file`)
  }
  const reference = imageReference(name, version, order.catalogue)
  const tag = fill(pattern, parts(version))
  const at = (kind: string, which: string) =>
    route(tag.replace(/\/manifests\/[^/]*$/, `/${kind}/${which}`))
  const ask = (which: string) => {
    const headers = { accept: kinds.join(', ') }
    const url = at('manifests', which)
    return requestText(url, { ...patience, headers, signal })
  }

  const tagged = await ask(tag.slice(tag.lastIndexOf('/') + 1))
  const listed = index
    .safeParse(parse(tagged, tag))
    .data?.manifests.find(
      ({ platform }) =>
        platform.os === 'linux' && platform.architecture === architecture,
    )
  const text = listed ? await ask(listed.digest) : tagged
  const sha256 = sha256Of(text)
  const key = `${reference} linux/${architecture}`
  const pin = pinOf(entry.sha256, name, version, architecture)
  const wanted = pin ?? listed?.digest.replace('sha256:', '') ?? sha256
  if (sha256 !== wanted) throw wrongChecksum(key, sha256, wanted)
  if (!pin) refuseOtherHash(key, sha256, tag)

  const { data } = manifest.safeParse(parse(text, tag))
  if (!data) throw new UnavailableError(`${tag} answered with no manifest`)
  const all = [data.config, ...data.layers]
  const total = all.reduce((sum, { size }) => sum + size, 0)
  let before = 0
  const fetchBlob = async ({ digest, mediaType, size }: typeof data.config) => {
    const hash = digest.replace('sha256:', '')
    const file = join(order.work, hash)
    await download(at('blobs', digest), file, {
      ...patience,
      sha256: hash,
      signal,
      progress: (bytes) =>
        report({
          kind: 'progress',
          ...{ what: titleOf(order, name), unit: 'bytes' },
          ...{ done: before + bytes, total },
        }),
    })
    before += size
    return { mediaType, content: [await readFile(file)] }
  }
  await mkdir(order.work, { recursive: true })
  const [config, ...layers] = (await inOrder(all, fetchBlob)) as [
    Blob,
    ...Blob[],
  ]
  const { mediaType } = data
  const image = {
    ...{ reference, config, layers },
    manifest: { mediaType, content: [Buffer.from(text)] },
  }
  const file = join(order.work, `${name}.tar`)
  await writeFile(file, imageArchive(image))
  if (!pin) await rememberHash(key, sha256, tag)
  const digest = digestOf(image.manifest)
  const from = route(tag)
  const facts = { origin, from, official: true, download: sha256, digest }
  return [await keepFile(order, name, file, facts)]
}

function parse(text: string, url: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new UnavailableError(`${url} answered with something else than JSON`)
  }
}

async function inOrder<A, B>(list: A[], work: (item: A) => Promise<B>) {
  const done: B[] = []
  for (const item of list) done.push(await work(item))
  return done
}
