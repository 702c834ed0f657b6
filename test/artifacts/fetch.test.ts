// What a machine runs to download a file, run here by a real bash and curl

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fetchScript, wrongSum } from '../../lib/fetch.ts'
import { type FileServer, serve, sha256 } from './server.ts'

let server: FileServer
let folder: string
let file: string
const content = '0123456789'.repeat(1000)

beforeEach(async () => {
  server = await serve()
  folder = mkdtempSync(join(tmpdir(), 'fetch-'))
  file = join(folder, 'kubelet')
})

afterEach(async () => {
  await server.close()
  rmSync(folder, { recursive: true })
})

async function fetched(url: string, sum = sha256(content), stall = 30) {
  const { script } = fetchScript(url, sum, file, stall)
  const { exitCode, stderr } = await execa(
    'bash',
    ['--norc', '-euo', 'pipefail', '-c', script],
    { reject: false, stdin: 'ignore' },
  )
  return { code: exitCode, stderr }
}

test('a file that comes whole is kept', async () => {
  const url = server.put('/kubelet', content)
  expect(await fetched(url)).toEqual({ code: 0, stderr: '' })
  expect(readFileSync(file, 'utf8')).toBe(content)
})

test('another file than it should be is named, and removed', async () => {
  const url = server.put('/kubelet', 'something else')
  const { code, stderr } = await fetched(url)
  expect(code).toBe(wrongSum)
  expect(stderr).toContain(`is ${sha256('something else')}, not`)
  expect(existsSync(file)).toBe(false)
})

test('a server that falls silent is given up', async () => {
  server.mischief.set('/kubelet', [{ stallAfter: 2500 }])
  const url = server.put('/kubelet', content)
  const { code, stderr } = await fetched(url, undefined, 1)
  // 28 is what curl calls a time-out.
  expect(code).toBe(28)
  expect(stderr).toContain('Operation too slow')
})

test('a slow link is not, however long it takes', async () => {
  server.mischief.set('/kubelet', [{ trickle: 8 }])
  const url = server.put('/kubelet', content)
  expect(await fetched(url, undefined, 2)).toEqual({ code: 0, stderr: '' })
  expect(readFileSync(file, 'utf8')).toBe(content)
})
