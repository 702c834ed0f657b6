import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { download } from '../../lib/artifacts/download.ts'
import { ChecksumError, UnavailableError } from '../../lib/artifacts/errors.ts'
import { type FileServer, patient, serve, sha256 } from './server.ts'

// Busy computers are slow, and nothing here is about speed.
vi.setConfig({ testTimeout: 60_000 })

let server: FileServer
let folder: string
let file: string
const content = Buffer.from('0123456789'.repeat(1000))
const right = { ...patient, sha256: sha256(content) }

beforeEach(async () => {
  server = await serve()
  folder = mkdtempSync(join(tmpdir(), 'download-'))
  file = join(folder, 'kubelet')
})

afterEach(async () => {
  await server.close()
  rmSync(folder, { recursive: true })
})

const ranges = () => server.seen.map(({ range }) => range ?? 'all')

describe('a download', () => {
  test('writes the file and leaves nothing beside it', async () => {
    await download(server.put('/kubelet', content), file, right)
    expect(readFileSync(file)).toEqual(content)
    expect(readdirSync(folder)).toEqual(['kubelet'])
  })

  test('tells how far it is', async () => {
    const seen: [number, number | undefined][] = []
    const progress = (...step: [number, number?]) =>
      void seen.push([step[0], step[1]])
    const url = server.put('/kubelet', content)
    await download(url, file, { ...right, progress })
    expect(seen.at(-1)).toEqual([content.length, content.length])
  })

  test('follows redirects', async () => {
    server.put('/cdn/kubelet', content)
    server.mischief.set('/kubelet', [{ redirect: '/cdn/kubelet' }])
    await download(`${server.url}/kubelet`, file, right)
    expect(readFileSync(file)).toEqual(content)
  })

  test('gives up on redirects that never end', async () => {
    const around = Array.from({ length: 20 }, () => ({ redirect: '/kubelet' }))
    server.mischief.set('/kubelet', around)
    const outcome = download(`${server.url}/kubelet`, file, right)
    await expect(outcome).rejects.toThrow('redirects more than 10 times')
  })

  test('names the URL that does not exist', async () => {
    const outcome = download(`${server.url}/kubelet`, file, right)
    await expect(outcome).rejects.toThrow(
      `${server.url}/kubelet answered 404 Not Found`,
    )
    await expect(outcome).rejects.toBeInstanceOf(UnavailableError)
    expect(readdirSync(folder)).toEqual([])
  })

  test('does not ask a host again that was not there', async () => {
    const url = server.put('/kubelet', content)
    const { host, port } = new URL(url)
    await server.close()
    const reason = `cannot reach ${host} (ECONNREFUSED)`
    await expect(download(url, file, right)).rejects.toThrow(reason)
    server = await serve(Number(port))
    server.put('/kubelet', content)
    await expect(download(url, file, right)).rejects.toThrow(reason)
    expect(server.seen).toEqual([])
  })
})

describe('a download that breaks off', () => {
  test('asks only for the rest', async () => {
    server.mischief.set('/kubelet', [{ truncateAfter: 4000 }])
    await download(server.put('/kubelet', content), file, right)
    expect(readFileSync(file)).toEqual(content)
    expect(ranges()).toEqual(['all', 'bytes=4000-'])
    expect(server.seen[1]?.ifRange).toBe('"one"')
  })

  test('asks only for the rest in a later run', async () => {
    const url = server.put('/kubelet', content)
    server.mischief.set('/kubelet', [{ truncateAfter: 4000 }])
    const once = { ...right, attempts: 1 }
    await expect(download(url, file, once)).rejects.toThrow('gave up')
    expect(existsSync(file)).toBe(false)
    await download(url, file, right)
    expect(readFileSync(file)).toEqual(content)
    expect(ranges()).toEqual(['all', 'bytes=4000-'])
  })

  test('goes on when a server stalls', async () => {
    server.mischief.set('/kubelet', [{ stallAfter: 2500 }])
    const url = server.put('/kubelet', content)
    await download(url, file, { ...right, stallSeconds: 1 })
    expect(readFileSync(file)).toEqual(content)
    expect(ranges()).toEqual(['all', 'bytes=2500-'])
  })

  test('gives up on a server that never sends a byte', async () => {
    const silence = Array.from({ length: 9 }, () => ({ stallAfter: 0 }))
    server.mischief.set('/kubelet', silence)
    const url = server.put('/kubelet', content)
    const few = { ...right, attempts: 2, stallSeconds: 1 }
    await expect(download(url, file, few)).rejects.toThrow(
      'sent nothing for 1 s; gave up after 2 attempts',
    )
    expect(server.seen).toHaveLength(2)
  })

  test('goes on as long as every attempt brings something', async () => {
    const pieces = Array.from({ length: 9 }, () => ({ truncateAfter: 1000 }))
    server.mischief.set('/kubelet', pieces)
    const few = { ...right, attempts: 2 }
    await download(server.put('/kubelet', content), file, few)
    expect(readFileSync(file)).toEqual(content)
    expect(ranges().at(-1)).toBe('bytes=9000-')
  })

  test('tries again when a server is overloaded', async () => {
    server.mischief.set('/kubelet', [{ status: 503 }, { status: 429 }])
    await download(server.put('/kubelet', content), file, right)
    expect(readFileSync(file)).toEqual(content)
  })

  test('begins anew when the server knows no ranges', async () => {
    server.mischief.set('/kubelet', [
      { truncateAfter: 4000 },
      { ignoreRange: true },
    ])
    await download(server.put('/kubelet', content), file, right)
    expect(readFileSync(file)).toEqual(content)
  })

  test('begins anew when the file was replaced meanwhile', async () => {
    const url = server.put('/kubelet', 'x'.repeat(10_000))
    server.mischief.set('/kubelet', [{ truncateAfter: 4000 }])
    const once = { ...right, attempts: 1 }
    await expect(download(url, file, once)).rejects.toThrow('gave up')
    server.put('/kubelet', content, '"two"')
    await download(url, file, right)
    expect(readFileSync(file)).toEqual(content)
    expect(server.seen[1]).toMatchObject({ ifRange: '"one"' })
  })

  test('begins anew when the server cannot name the file', async () => {
    server.put('/kubelet', content, 'W/"weak"')
    server.mischief.set('/kubelet', [{ truncateAfter: 4000 }])
    await download(`${server.url}/kubelet`, file, right)
    expect(readFileSync(file)).toEqual(content)
    expect(ranges()).toEqual(['all', 'all'])
  })

  test('begins anew when another part comes than was asked for', async () => {
    server.mischief.set('/kubelet', [
      { truncateAfter: 4000 },
      { shiftRange: true },
    ])
    await download(server.put('/kubelet', content), file, right)
    expect(readFileSync(file)).toEqual(content)
    expect(ranges()).toEqual(['all', 'bytes=4000-', 'all'])
  })

  test('begins anew when what is there is longer than the file', async () => {
    const url = server.put('/kubelet', content)
    writeFileSync(`${file}.part`, 'x'.repeat(20_000))
    const note = { url, validator: '"one"' }
    writeFileSync(`${file}.part.json`, JSON.stringify(note))
    await download(url, file, right)
    expect(readFileSync(file)).toEqual(content)
  })

  test('begins anew when what is there is of another URL', async () => {
    writeFileSync(`${file}.part`, 'x'.repeat(100))
    const note = { url: 'http://elsewhere/', validator: '"one"' }
    writeFileSync(`${file}.part.json`, JSON.stringify(note))
    await download(server.put('/kubelet', content), file, right)
    expect(ranges()).toEqual(['all'])
  })

  test('begins anew once when what was there turns out wrong', async () => {
    const url = server.put('/kubelet', content)
    writeFileSync(`${file}.part`, 'x'.repeat(100))
    const note = { url, validator: '"one"' }
    writeFileSync(`${file}.part.json`, JSON.stringify(note))
    await download(url, file, right)
    expect(readFileSync(file)).toEqual(content)
    expect(ranges()).toEqual(['bytes=100-', 'all'])
  })
})

describe('a wrong checksum', () => {
  test('keeps nothing and is not tried again', async () => {
    const url = server.put('/kubelet', 'something else')
    const outcome = download(url, file, right)
    await expect(outcome).rejects.toBeInstanceOf(ChecksumError)
    await expect(outcome).rejects.toThrow(
      `Wrong checksum: ${url}\n  found  sha256 ${sha256('something else')}\n` +
        `  wanted sha256 ${sha256(content)}`,
    )
    expect(readdirSync(folder)).toEqual([])
    expect(server.seen).toHaveLength(1)
  })

  test('is what a file cut short without a word comes to', async () => {
    server.mischief.set('/kubelet', [{ lengthless: 500 }])
    const outcome = download(server.put('/kubelet', content), file, right)
    await expect(outcome).rejects.toBeInstanceOf(ChecksumError)
    expect(readdirSync(folder)).toEqual([])
  })
})

test('a download that is called off stops at once and can go on', async () => {
  const url = server.put('/kubelet', content)
  server.mischief.set('/kubelet', [{ stallAfter: 3000 }])
  const stop = new AbortController()
  const progress = () => stop.abort()
  const { signal } = stop
  const outcome = download(url, file, { ...right, progress, signal })
  await expect(outcome).rejects.toThrow('abort')
  await download(url, file, right)
  expect(ranges()).toEqual(['all', 'bytes=3000-'])
})
