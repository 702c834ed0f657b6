import { mkdir, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { extract } from './archive.ts'
import type { Artifact, Origin } from './artifact.ts'
import { type Release, releaseOf } from './catalogue.ts'
import { readChecksum } from './checksum.ts'
import { imageAround } from './composition.ts'
import { download } from './download.ts'
import { ChecksumError, UnavailableError } from './errors.ts'
import { requestText } from './http.ts'
import { refuseOtherHash, rememberedHash, rememberHash } from './lockfile.ts'
import { fileOf, keepFile, type Order, titleOf } from './order.ts'
import { atMost, together, unavailable } from './parallel.ts'
import { pullImage } from './registry.ts'

/** Turns an official URL into the one to ask; as it is, by default. */
export type Route = (url: string) => string

const line = atMost(4)

/**
 * Fills the cache with releases of the publisher. Archives are fetched once
 * for all of their files.
 *
 * @param route where to ask in place of the publisher, see {@link viaMirror}
 * @throws {ChecksumError} when something is not what was published
 * @throws {UnavailableError} when something is not to be had there
 * @example
 * await fetchReleases({ ...order, names: ['etcd'] })
 */
export async function fetchReleases(
  order: Order,
  origin: Origin = 'download',
  route: Route = (url) => url,
): Promise<Artifact[]> {
  const { entry, names } = order
  // All files of an archive come with one download.
  const wanted = entry.release?.member ? names.slice(0, 1) : names
  const { results, failures } = await together(
    wanted.map((name) => (signal) => {
      const one = { ...order, signal }
      const release = releaseFor(one, name)
      return line(() =>
        release
          ? fetchRelease(one, name, release, origin, route)
          : pullImage(one, name, origin, route),
      )
    }),
    order.signal,
  )
  if (failures.length) throw unavailable(failures)
  return results.flat()
}

/**
 * The place of an official URL on a mirror: its host becomes the first
 * folder, so that one mirror serves many publishers.
 *
 * @example
 * viaMirror('http://10.0.0.1:8089')('https://dl.k8s.io/release/stable.txt')
 * // 'http://10.0.0.1:8089/dl.k8s.io/release/stable.txt'
 */
export function viaMirror(mirror: string): Route {
  return (url) => {
    const { host, pathname } = new URL(url)
    return `${mirror.replace(/\/+$/, '')}/${host}${pathname}`
  }
}

function releaseFor(order: Order, name: string): Release | undefined {
  const { version, architecture, catalogue } = order
  return releaseOf(name, version, architecture, catalogue)
}

async function fetchRelease(
  order: Order,
  name: string,
  release: Release,
  origin: Origin,
  route: Route,
): Promise<Artifact[]> {
  const { entry, report, signal, patience } = order
  const expected = await expectation(order, release, route)
  const { sha256 } = expected
  const url = route(release.url)
  const what = release.member ? order.component : name
  // Beside the finished files, so that a later run finds its beginning.
  const folder = dirname(fileOf(order, name))
  await mkdir(folder, { recursive: true })
  const fetched = join(folder, `${basename(release.url)}.download`)
  await download(url, fetched, {
    ...patience,
    sha256,
    signal,
    progress: (done, total) =>
      report({
        kind: 'progress',
        ...{ what: titleOf(order, what), done, unit: 'bytes' },
        ...(total !== undefined && { total }),
      }),
  })
  if (expected.said) await rememberHash(release.url, sha256, expected.said)
  if (expected.unconfirmed) {
    report({ kind: 'note', text: expected.unconfirmed })
  }
  const official = !entry.image
  const facts = { origin, from: url, official, download: sha256 }
  if (!release.member) {
    return [await keepFile(order, name, fetched, facts)]
  }
  const kept: Artifact[] = []
  for (const file of entry.files) {
    const { member = '' } = releaseFor(order, file) ?? {}
    const program = join(order.work, file)
    await extract(fetched, member, program)
    if (entry.image) {
      const image = await imageAround(order, file, program)
      await writeFile(program, image.archive)
      const { digest } = image
      kept.push(await keepFile(order, file, program, { ...facts, digest }))
    } else kept.push(await keepFile(order, file, program, facts))
  }
  await rm(fetched)
  return kept
}

interface Expectation {
  sha256: string
  /** The checksum file that has to be remembered as having said it. */
  said?: string
  /** What to tell when a pin could not be confirmed. */
  unconfirmed?: string
}

/** What a release must be: by its pin, by its publisher, or by both. */
async function expectation(
  { patience, signal }: Order,
  { url, sha256: pin, confirm, checksum }: Release,
  route: Route,
): Promise<Expectation> {
  if (pin && !confirm) return { sha256: pin }
  const from = route(checksum.url)
  let text: string
  try {
    text = await requestText(from, { ...patience, signal })
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error
    const known = pin ?? rememberedHash(url)
    if (!known) throw error
    const why = error.message
    const unconfirmed = `${basename(url)}: known sha256, not confirmed: ${why}`
    return { sha256: known, unconfirmed }
  }
  const said = readChecksum(text, checksum.form, basename(url), from)
  if (pin && pin !== said) {
    throw new ChecksumError(
      `Wrong checksum: ${url}\n  ${from} says ${said}\n` +
        `  the versions file says     ${pin}`,
      ['find out which is right before anything is downloaded'],
    )
  }
  refuseOtherHash(url, said, checksum.url)
  return { sha256: said, ...(!pin && { said: checksum.url }) }
}
