import { afterAll, expect, test } from 'vitest'
import { Guide } from './guide.ts'
import { hostTraces } from './host.ts'

const name = 'too-much'
const guide = new Guide(name, 'cluster.yaml', 180)

afterAll(async () => {
  await guide.npm('down')
})

test('virtual machines that no host has room for leave nothing behind', async () => {
  guide.edit((cluster) => {
    const memory = '900Gi'
    const sizes = { 'control-plane': { memory }, worker: { memory } }
    cluster.lab = { machines: 'vm', sizes }
  })
  const before = await hostTraces([name])
  const { exitCode, all } = await guide.tryNpm('lab', 'up', '--vm', '--yes')
  expect(exitCode, all).toBe(1)
  expect(all).toMatch(
    /memory: the virtual machines may take 4500\.0 GiB, [\d.]+ GiB are free/,
  )
  expect(await hostTraces([name])).toEqual(before)
})
