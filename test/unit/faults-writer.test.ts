import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { KubernetesApi, Manifest } from '../../lib/kubernetes.ts'
import { Writer } from '../e2e/faults/writer.ts'

// The client of the fault tests must see a loss where there is one.

describe('a client that writes all the time', () => {
  test('finds everything again that a good server acknowledged', async () => {
    const server = fakeServer()
    const writer = await started(server)
    await writer.more(3)
    await writer.stop()
    expect(await writer.lost(server)).toEqual([])
    expect(writer.misread).toEqual([])
  })

  test('names an acknowledged write that is gone, or is another', async () => {
    const server = fakeServer()
    const writer = await started(server)
    await writer.more(4)
    await writer.stop()
    server.store.delete('write-1')
    server.store.set('write-2', 'something else')
    expect(await writer.lost(server)).toEqual(['write-1', 'write-2'])
  })

  test('names a write that is not there when it is read back', async () => {
    const server = fakeServer()
    const writer = await started(server)
    server.forgets = true
    await writer.more(2)
    await writer.stop()
    expect(writer.misread.length).toBeGreaterThan(0)
  })

  test('counts no write that failed, and measures how long', async () => {
    const server = fakeServer()
    const writer = await started(server)
    await writer.more(1)
    server.fails = true
    const mark = writer.mark()
    await sleep(300)
    server.fails = false
    await writer.more(1)
    await writer.stop()
    const { acknowledged, gap } = writer.since(mark)
    expect(acknowledged).toBeGreaterThan(0)
    expect(gap).toBeGreaterThan(0.2)
    expect(await writer.lost(server)).toEqual([])
  })
})

async function started(server: KubernetesApi): Promise<Writer> {
  const writer = new Writer(server)
  await writer.start()
  return writer
}

function fakeServer() {
  const store = new Map<string, string>()
  const server = {
    store,
    forgets: false,
    fails: false,
    async apply() {},
    async delete() {},
    async send(_method: string, _path: string, { metadata, data }: Manifest) {
      if (server.fails) throw new Error('no leader')
      if (!server.forgets) store.set(metadata.name, data.word)
    },
    async get(path: string) {
      const word = store.get(path.replace(/.*\//, ''))
      return word === undefined ? undefined : { data: { word } }
    },
    async list() {
      return [...store].map(([name, word]) => ({
        metadata: { name },
        data: { word },
      }))
    },
  }
  return server as unknown as KubernetesApi & typeof server
}
