import { readFileSync } from 'node:fs'
import {
  chmod,
  mkdir,
  open,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { cacheDirectory } from '../paths.ts'
import type { Architecture, Artifact } from './artifact.ts'
import { type Catalogue, catalogue, componentOf, entryOf } from './catalogue.ts'
import { sha256OfFile } from './checksum.ts'

/** Which file of which version, for which machines. */
export interface Wanted {
  name: string
  version: string
  architecture: Architecture
}

/** What lies beside a cached file, as `FILE.json`. */
export const recordSchema = z.object({
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  size: z.number(),
  mtimeMs: z.number(),
  origin: z.enum(['download', 'mirror', 'build']),
  /** The URL, or the program that built it. */
  from: z.string(),
  /** True for the bytes of the publisher's release. */
  official: z.boolean(),
  /** sha256 of the download, where the file was taken out of an archive. */
  download: z.string().optional(),
  /** Images only: digest of the manifest. */
  digest: z.string().optional(),
  /** Stands for all that a build is made of. */
  recipe: z.string().optional(),
})
/** What the cache knows of a file in it; the JSON beside that file. */
export type CacheRecord = z.infer<typeof recordSchema>

/**
 * The folder of the operator's cache that holds the artifacts. Served over
 * http, it is a mirror for machines and other operators.
 *
 * @example
 * join(artifactsFolder(), mirrorPath(artifact))
 */
export function artifactsFolder(): string {
  return join(cacheDirectory(), 'artifacts')
}

/**
 * Where an artifact lies below {@link artifactsFolder}, and so below the URL
 * of a mirror that serves it.
 *
 * @returns `COMPONENT/VERSION/ARCHITECTURE/NAME`, images end in `.tar`
 * @throws {GuideError} for a name that the versions file does not have
 * @example
 * mirrorPath({ name: 'etcdctl', version: '3.7.1', architecture: 'amd64' })
 * // 'etcd/3.7.1/amd64/etcdctl'
 */
export function mirrorPath(
  { name, version, architecture }: Wanted,
  from: Catalogue = catalogue(),
): string {
  const component = componentOf(name, from)
  const file = entryOf(component, from).image ? `${name}.tar` : name
  return [component, version, architecture, file].join('/')
}

/**
 * Absolute path of an artifact in the cache, there or not.
 *
 * @example
 * cacheFile({ name: 'etcd', version, architecture })
 */
export function cacheFile(wanted: Wanted, from?: Catalogue): string {
  return join(artifactsFolder(), mirrorPath(wanted, from))
}

/** What a cached file must fulfil besides being undamaged. */
export interface Demands {
  /** sha256 of the download, where it is pinned. */
  pin?: string
  /** Of a build, where one could be made anew. */
  recipe?: string
}

/**
 * Finds an artifact in the cache and makes sure that it is what was put
 * there: by size and time, and by its sha256 when those differ.
 *
 * @returns the artifact, or why it cannot be used: `missing` or a sentence
 * @example
 * await findCached({ name: 'etcd', version, architecture }, {})
 */
export async function findCached(
  wanted: Wanted,
  demands: Demands,
  from?: Catalogue,
): Promise<Artifact | string> {
  const file = cacheFile(wanted, from)
  const record = readRecord(file)
  const found = await stat(file).catch(() => undefined)
  if (!found) return 'missing'
  if (!record) return `${file} has no record of its sha256`
  const { pin, recipe } = demands
  const { sha256, official, download = official ? sha256 : undefined } = record
  if (pin && download && download !== pin) {
    return `${file} came from another release than the versions file pins`
  }
  if (recipe && record.origin === 'build' && record.recipe !== recipe) {
    return `${file} was built in another way than it would be now`
  }
  const { size, mtimeMs } = found
  if (size !== record.size || mtimeMs !== record.mtimeMs) {
    if ((await sha256OfFile(file)) !== sha256) return `${file} is damaged`
    await writeRecord(file, { ...record, size, mtimeMs })
  }
  return artifactOf(wanted, file, record, 'cache')
}

/**
 * Puts a finished file into the cache, under its name, at once.
 *
 * @param temporary the file; it is moved, so it lies on the same disk
 * @returns the artifact
 * @example
 * await keep(wanted, '/cache/.work/etcd', facts)
 */
export async function keep(
  wanted: Wanted,
  temporary: string,
  facts: Omit<CacheRecord, 'sha256' | 'size' | 'mtimeMs'>,
  from?: Catalogue,
): Promise<Artifact> {
  const file = cacheFile(wanted, from)
  await mkdir(dirname(file), { recursive: true })
  await chmod(temporary, file.endsWith('.tar') ? 0o644 : 0o755)
  await onDisk(temporary)
  const sha256 = await sha256OfFile(temporary)
  const { size, mtimeMs } = await stat(temporary)
  const record = { sha256, size, mtimeMs, ...facts }
  // A file without a record is not used; one with another's would be.
  await rm(recordOf(file), { force: true })
  await rename(temporary, file)
  await writeRecord(file, record)
  return artifactOf(wanted, file, record, record.origin)
}

/**
 * Removes an artifact and its record.
 *
 * @example
 * await drop({ name: 'etcd', version, architecture })
 */
export async function drop(wanted: Wanted, from?: Catalogue): Promise<void> {
  const file = cacheFile(wanted, from)
  await rm(recordOf(file), { force: true })
  await rm(file, { force: true })
}

const recordOf = (file: string) => `${file}.json`

function readRecord(file: string): CacheRecord | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(recordOf(file), 'utf8'))
    return recordSchema.safeParse(value).data
  } catch {
    return undefined
  }
}

async function writeRecord(file: string, record: CacheRecord) {
  const beside = `${recordOf(file)}.${process.pid}`
  await writeFile(beside, `${JSON.stringify(record, null, 2)}\n`)
  await rename(beside, recordOf(file))
}

function artifactOf(
  wanted: Wanted,
  file: string,
  { sha256, origin, official, digest }: CacheRecord,
  source: Artifact['source'],
): Artifact {
  const { name, version, architecture } = wanted
  return {
    ...{ name, version, architecture, file, sha256, source, origin, official },
    ...(digest && { digest }),
  }
}

// A power failure must not leave a file of the right size full of zeros.
async function onDisk(file: string): Promise<void> {
  const handle = await open(file)
  await handle.sync().finally(() => handle.close())
}
