import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import type { ChecksumForm } from './catalogue.ts'
import { ChecksumError } from './errors.ts'

/**
 * The sha256 of a file.
 *
 * @returns 64 hexadecimal digits
 * @example
 * await sha256OfFile('/usr/local/bin/kubelet')
 */
export async function sha256OfFile(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash)
  return hash.digest('hex')
}

/**
 * The sha256 of what is in memory.
 *
 * @example
 * sha256Of('text')
 */
export function sha256Of(...chunks: (Buffer | string)[]): string {
  const hash = createHash('sha256')
  for (const chunk of chunks) hash.update(chunk)
  return hash.digest('hex')
}

/**
 * Finds the sha256 of a file in what its publisher wrote.
 *
 * @param text the checksum file
 * @param form how it is written: `bare` holds the hash and no name (as
 * Kubernetes does), `sums` lines of hash and name (as `sha256sum` prints),
 * `clear-signed` such lines inside an OpenPGP text (as runc does); the
 * signature itself is not checked
 * @param name of the file, without folders
 * @param where how errors call the checksum file
 * @throws {ChecksumError} when there is not exactly one hash for the name
 * @example
 * readChecksum('cee0…  kubelet\n', 'sums', 'kubelet', url)
 * @see https://www.rfc-editor.org/rfc/rfc9580#section-7
 */
export function readChecksum(
  text: string,
  form: ChecksumForm,
  name: string,
  where: string,
): string {
  const refuse = (found: string): never => {
    throw new ChecksumError(
      `Checksum file ${where}: ${found}; wanted is one sha256 for ${name}`,
      ['open it in a browser: a proxy may answer with a page of its own'],
    )
  }
  if (form === 'bare') {
    const hash = text.trim()
    return sha256.test(hash) ? hash : refuse(`found ${excerpt(text)}`)
  }
  const body = form === 'clear-signed' ? signedPart(text) : text
  if (body === undefined) return refuse('found no OpenPGP clear-signed text')
  const hashes = body
    .split('\n')
    .map((line) => /^([0-9a-f]{64}) [ *](\S+)\s*$/.exec(line))
    .filter((match) => match?.[2]?.split('/').pop() === name)
    .map((match) => match?.[1])
  const [hash, other] = new Set(hashes)
  if (other) return refuse('found several that differ')
  return hash ?? refuse(`found none in ${excerpt(body)}`)
}

const sha256 = /^[0-9a-f]{64}$/

function excerpt(text: string): string {
  const line = text.trim().split('\n')[0] ?? ''
  return line === '' ? 'nothing' : JSON.stringify(line.slice(0, 60))
}

/** What lies between the armor headers and the signature. */
function signedPart(text: string): string | undefined {
  const lines = text.replaceAll('\r', '').split('\n')
  const begin = lines.indexOf('-----BEGIN PGP SIGNED MESSAGE-----')
  const end = lines.indexOf('-----BEGIN PGP SIGNATURE-----')
  const blank = lines.indexOf('', begin)
  if (begin < 0 || end < 0 || blank < 0 || blank > end) return undefined
  // A line that begins with a dash is escaped by "- ".
  return lines
    .slice(blank + 1, end)
    .map((line) => line.replace(/^- /, ''))
    .join('\n')
}
