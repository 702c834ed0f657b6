import { createWriteStream } from 'node:fs'
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { sha256OfFile } from './checksum.ts'
import { ChecksumError, InterruptedError, UnavailableError } from './errors.ts'
import { type Patience, readBody, refuseStatus, request } from './http.ts'

/** How {@link download} goes about it. */
export interface DownloadOptions extends Patience {
  /** What the whole file must be. */
  sha256: string
  /** Called with the bytes that are there, and how many it will be. */
  progress?: (done: number, total?: number) => void
  signal?: AbortSignal
  /** How often in a row it may fail without a new byte; default 5. */
  attempts?: number
  /** Pause after the first failure, doubled each time; default 0.5. */
  pauseSeconds?: number
}

/**
 * Downloads a file. What arrives is kept in `FILE.part`, and a later call for
 * the same URL asks only for the rest, provided that the server still has the
 * same file (`If-Range` with its ETag or date). The file gets its name when
 * its sha256 is right, not before.
 *
 * @param url where from
 * @param file where to; its folder must exist, and nobody else may write
 * there meanwhile
 * @throws {ChecksumError} for a wrong sha256; nothing is kept
 * @throws {UnavailableError} when the file is not to be had; what arrived is
 * kept for a later call
 * @example
 * await download('https://dl.k8s.io/…/kubelet', '/tmp/kubelet', { sha256 })
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-13.1.5
 */
export async function download(
  url: string,
  file: string,
  options: DownloadOptions,
): Promise<void> {
  const part = `${file}.part`
  let resumed = await fetchAll(url, part, options)
  while (true) {
    const found = await sha256OfFile(part)
    if (found === options.sha256) break
    await forget(part)
    if (!resumed) throw wrongChecksum(url, found, options.sha256)
    // A beginning from an earlier run may be what is wrong: once from 0.
    resumed = false
    await fetchAll(url, part, options)
  }
  await rename(part, file)
  await rm(noteOf(part), { force: true })
}

/**
 * The error for a file that is not what it should be.
 *
 * @example
 * throw wrongChecksum(url, found, wanted)
 */
export function wrongChecksum(
  what: string,
  found: string,
  wanted: string,
): ChecksumError {
  return new ChecksumError(
    `Wrong checksum: ${what}\n  found  sha256 ${found}\n` +
      `  wanted sha256 ${wanted}\n  nothing of it was kept`,
    [
      'a proxy, mirror or virus scanner may have changed it: try another ' +
        'network, or other `artifacts.sources` in cluster.yaml',
      'if it stays like this, tell the publisher: the release was replaced',
    ],
  )
}

/** Fetches until the end; tells whether a beginning was already there. */
async function fetchAll(url: string, part: string, options: DownloadOptions) {
  const { attempts = 5, pauseSeconds = 0.5, signal } = options
  let resumed = false
  let failures = 0
  let before = await sizeOf(part)
  while (true) {
    try {
      return (await fetchRest(url, part, options)) || resumed
    } catch (error) {
      if (!(error instanceof InterruptedError)) throw error
      const now = await sizeOf(part)
      failures = now > before ? 1 : failures + 1
      before = now
      resumed = true
      if (failures >= attempts) {
        throw new UnavailableError(
          `${error.message}; gave up after ${attempts} attempts`,
        )
      }
      const pause = pauseSeconds * 2 ** (failures - 1)
      await sleep(pause * 1000, undefined, signal && { signal })
    }
  }
}

/** Fetches what is missing; tells whether a beginning was already there. */
async function fetchRest(url: string, part: string, options: DownloadOptions) {
  const { signal } = options
  const beginning = await beginningOf(url, part)
  const answer = await request(url, {
    ...options,
    ...(beginning && {
      headers: {
        range: `bytes=${beginning.size}-`,
        'if-range': beginning.validator,
      },
    }),
  })
  // The range is not satisfiable: what we have is longer than the file.
  if (answer.status === 416) {
    answer.body.destroy()
    await forget(part)
    throw new InterruptedError(`${url} is shorter than what was there`)
  }
  refuseStatus(answer.status, url, answer.body)
  const rest = answer.status === 206
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(
    answer.headers['content-range'] ?? '',
  )
  if (rest && Number(range?.[1]) !== beginning?.size) {
    answer.body.destroy()
    await forget(part)
    throw new InterruptedError(`${url} sent another part than was asked for`)
  }
  const offset = rest && beginning ? beginning.size : 0
  const length = answer.headers['content-length']
  const total = length === undefined ? undefined : offset + Number(length)
  await note(url, part, answer.headers)
  let done = offset
  const out = createWriteStream(part, { flags: rest ? 'a' : 'w' })
  // An error may come while nobody awaits; it is thrown by `finished`.
  const closed = finished(out)
  closed.catch(() => undefined)
  try {
    await readBody(answer.body, url, options, async (chunk) => {
      await write(out, chunk)
      done += chunk.length
      options.progress?.(done, total)
    })
  } finally {
    out.end()
    await closed
  }
  signal?.throwIfAborted()
  if (total !== undefined && done < total) {
    throw new InterruptedError(`${url} broke off before its end`)
  }
  return offset > 0
}

async function write(out: Writable, chunk: Buffer): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  out.write(chunk, (error) => (error ? reject(error) : resolve()))
  await promise
}

const noteOf = (part: string) => `${part}.json`

async function forget(part: string): Promise<void> {
  await rm(part, { force: true })
  await rm(noteOf(part), { force: true })
}

/** Writes down which file of the server a beginning belongs to. */
async function note(
  url: string,
  part: string,
  headers: { etag?: string; 'last-modified'?: string },
): Promise<void> {
  const { etag, 'last-modified': date } = headers
  // A weak ETag stands for files that differ in their bytes.
  const validator = etag && !etag.startsWith('W/') ? etag : date
  if (validator)
    await writeFile(noteOf(part), JSON.stringify({ url, validator }))
  else await rm(noteOf(part), { force: true })
}

async function beginningOf(url: string, part: string) {
  const size = await sizeOf(part)
  if (size === 0) return undefined
  try {
    const text = await readFile(noteOf(part), 'utf8')
    const known = JSON.parse(text) as { url?: string; validator?: string }
    if (known.url !== url || !known.validator) return undefined
    return { size, validator: known.validator }
  } catch {
    return undefined
  }
}

async function sizeOf(file: string): Promise<number> {
  const found = await stat(file).catch(() => undefined)
  return found?.size ?? 0
}
