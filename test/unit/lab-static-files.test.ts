import { once } from 'node:events'
import {
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, describe, expect, test } from 'vitest'
import { parseRangeHeader, staticFiles } from '../../lab/static-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'kfs-files-test-'))
const root = join(folder, 'root')
mkdirSync(join(root, 'etcd'), { recursive: true })
writeFileSync(join(root, 'etcd', 'etcd'), '0123456789')
writeFileSync(join(root, 'empty'), '')
writeFileSync(join(folder, 'secret'), 'secret')
mkdirSync(join(folder, 'root-of-another'))
writeFileSync(join(folder, 'root-of-another', 'secret'), 'secret')
symlinkSync('../secret', join(root, 'link'))

const server = staticFiles(root).listen(0, '127.0.0.1')
await once(server, 'listening')
afterAll(() => {
  server.close()
  rmSync(folder, { recursive: true })
})

describe('the mirror', () => {
  test('serves a file', async () => {
    expect(await get('/etcd/etcd')).toMatchObject({
      status: 200,
      body: '0123456789',
      headers: { 'content-length': '10', 'accept-ranges': 'bytes' },
    })
  })

  test('serves an empty file', async () => {
    expect(await get('/empty')).toMatchObject({ status: 200, body: '' })
  })

  test('serves the rest of a file, for a download that is resumed', async () => {
    expect(await get('/etcd/etcd', { range: 'bytes=4-' })).toMatchObject({
      status: 206,
      body: '456789',
      headers: { 'content-range': 'bytes 4-9/10' },
    })
  })

  test('refuses a part that the file does not have', async () => {
    expect(await get('/etcd/etcd', { range: 'bytes=10-' })).toMatchObject({
      status: 416,
      headers: { 'content-range': 'bytes */10' },
    })
  })

  test('answers HEAD without a body', async () => {
    expect(await get('/etcd/etcd', {}, 'HEAD')).toMatchObject({
      status: 200,
      body: '',
      headers: { 'content-length': '10' },
    })
  })

  test.each([
    '/../secret',
    '/%2e%2e/secret',
    '/..%2fsecret',
    '/etcd/../../secret',
    '/../root-of-another/secret',
    '/link',
    '/etcd',
    '/',
    '/missing',
    '/%',
    '/%00',
  ])('does not leave its folder, nor list it: %s', async (path) => {
    expect(await get(path)).toMatchObject({ status: 404, body: '404\n' })
  })

  test.each(['PUT', 'POST', 'DELETE'])('refuses to write: %s', async (verb) => {
    expect(await get('/etcd/etcd', {}, verb)).toMatchObject({ status: 405 })
  })
})

describe('a Range header', () => {
  test.each([
    [undefined, 'all'],
    ['bytes=0-', { start: 0, end: 9 }],
    ['bytes=2-3', { start: 2, end: 3 }],
    ['bytes=2-99', { start: 2, end: 9 }],
    ['bytes=-3', { start: 7, end: 9 }],
    ['bytes=-99', { start: 0, end: 9 }],
    ['bytes=10-', 'impossible'],
    ['bytes=-0', 'impossible'],
    ['bytes=3-2', 'all'],
    ['bytes=0-1,3-4', 'all'],
    ['lines=1-2', 'all'],
  ])('%s of ten bytes means %o', (header, wanted) => {
    expect(parseRangeHeader(header, 10)).toEqual(wanted)
  })
})

// Not fetch, which tidies up a path before it is sent.
async function get(
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
) {
  const { port } = server.address() as AddressInfo
  const sent = request({ host: '127.0.0.1', port, path, method, headers }).end()
  const [response] = await once(sent, 'response')
  return {
    status: response.statusCode,
    headers: response.headers,
    body: await text(response),
  }
}
