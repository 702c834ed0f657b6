import { readFileSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { z } from 'zod'
import { artifactsFolder } from './cache.ts'
import { readCheckedYaml } from './checked-yaml.ts'
import { ChecksumError } from './errors.ts'
import { exclusively } from './mutex.ts'

const schema = z
  .record(
    z.string(),
    z.strictObject({
      sha256: z
        .string()
        .regex(/^[0-9a-f]{64}$/, { error: '64 hexadecimal digits' }),
      /** Where that was said. */
      from: z.string(),
      /** When it was first said. */
      since: z.string(),
    }),
  )
  .nullable()

const header = `# What publishers said of downloads that are not pinned.
# Written by the guide. A publisher that says something else later stops it.
`

const lockFile = () => join(artifactsFolder(), 'artifacts.lock.yaml')

/**
 * What a publisher said about a download in an earlier run.
 *
 * It lies in the cache and not in the state folder of a cluster: it is about
 * the files that lie beside it, which all clusters share, and whoever removes
 * them removes what was trusted for their sake.
 *
 * @param key the URL, or the reference and platform of an image
 * @throws {GuideError} when the lock file is no such file, with the line
 * @example
 * rememberedHash('https://github.com/…/coredns_1.14.7_linux_arm64.tgz')
 */
export function rememberedHash(key: string): string | undefined {
  return readLock()[key]?.sha256
}

/**
 * Stops when a publisher says something else than before.
 *
 * @throws {ChecksumError} with both, when they differ
 * @example
 * refuseOtherHash(url, sha256, checksumUrl)
 */
export function refuseOtherHash(key: string, sha256: string, from: string) {
  const known = readLock()[key]
  if (!known || known.sha256 === sha256) return
  throw new ChecksumError(
    `Wrong checksum: ${key}\n  ${from} says ${sha256}\n` +
      `  ${known.from} said ${known.sha256} on ${known.since}`,
    [
      'a release is never made anew under its old name: find out why',
      'if you know that the new one is right, remove its entry from ' +
        lockFile(),
    ],
  )
}

/**
 * Writes down what a publisher said, the first time it is said.
 *
 * @throws {ChecksumError} when it said something else before
 * @example
 * await rememberHash(url, sha256, checksumUrl)
 */
export async function rememberHash(
  key: string,
  sha256: string,
  from: string,
): Promise<void> {
  await exclusively(`${lockFile()}.flock`, async () => {
    refuseOtherHash(key, sha256, from)
    const lock = readLock()
    if (lock[key]) return
    const since = new Date().toISOString().slice(0, 10)
    const next = { ...lock, [key]: { sha256, from, since } }
    const sorted = Object.entries(next).sort(([a], [b]) => (a < b ? -1 : 1))
    const text = stringify(Object.fromEntries(sorted), { lineWidth: 0 })
    await writeFile(`${lockFile()}.new`, header + text)
    await rename(`${lockFile()}.new`, lockFile())
  })
}

function readLock(): NonNullable<z.infer<typeof schema>> {
  let text = ''
  try {
    text = readFileSync(lockFile(), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  return readCheckedYaml(text, lockFile(), schema) ?? {}
}
