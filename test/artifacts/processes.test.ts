import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { stringify } from 'yaml'
import { cacheFile } from '../../lib/artifacts/cache.ts'
import type { Catalogue } from '../../lib/artifacts/catalogue.ts'
import { programText, publish } from './publisher.ts'
import { type FileServer, serve } from './server.ts'

let server: FileServer
let folder: string
let catalogue: Catalogue
const path = '/dl.k8s.io/release/v1.37.1/bin/linux/amd64/kubelet'

beforeEach(async () => {
  server = await serve()
  folder = mkdtempSync(join(tmpdir(), 'processes-'))
  vi.stubEnv('XDG_CACHE_HOME', folder)
  catalogue = publish(server)
})

afterEach(async () => {
  await server.close()
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

interface Run {
  process: ChildProcess
  said: string
  ended: Promise<unknown>
}

function run(): Run {
  const script = join(import.meta.dirname, 'obtain-once.ts')
  const words = [script, 'kubelet', '1.37.1', stringify(catalogue)]
  const child = spawn(process.execPath, words, {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const result: Run = { process: child, said: '', ended: once(child, 'close') }
  child.stdout.on('data', (text) => {
    result.said += text
  })
  child.stderr.on('data', (text) => {
    result.said += text
  })
  return result
}

const file = () =>
  cacheFile({ name: 'kubelet', version: '1.37.1', architecture: 'amd64' })

test('two processes fetch a file once, and the second says so', async () => {
  server.mischief.set(path, [{ stallAfter: 10 }])
  const first = run()
  await vi.waitFor(() => expect(server.seen).toHaveLength(1), 60_000)
  const second = run()
  await vi.waitFor(() => {
    const who = `waiting for process ${first.process.pid}`
    expect(second.said).toContain(who)
  }, 60_000)
  first.process.kill('SIGKILL')
  await Promise.all([first.ended, second.ended])
  // The lock of a killed run ends with it, and its half file is taken over.
  expect(second.said).toMatch(/download\n$/)
  expect(server.seen.map(({ range }) => range)).toEqual([
    undefined,
    'bytes=10-',
  ])
  expect(readFileSync(file(), 'utf8')).toBe(
    programText('kubelet', '1.37.1', 'amd64'),
  )
}, 120_000)

test('a killed run leaves nothing that a later one would keep', async () => {
  server.mischief.set(path, [{ stallAfter: 10 }])
  const first = run()
  await vi.waitFor(() => expect(first.said).toContain('"done":10'), 60_000)
  first.process.kill('SIGKILL')
  await first.ended
  const second = run()
  await second.ended
  expect(second.said).toMatch(/download\n$/)
  expect(readdirSync(dirname(file())).sort()).toEqual([
    '.lock',
    'kubelet',
    'kubelet.json',
  ])
}, 120_000)
