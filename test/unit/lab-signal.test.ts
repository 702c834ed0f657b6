import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { signal } from '../../lab/signal.ts'

test('a process that runs is sent the signal', async () => {
  const child = spawn('sleep', ['60'])
  const ended = once(child, 'exit')
  signal(child.pid as number, 'SIGTERM')
  expect(await ended).toEqual([null, 'SIGTERM'])
})

test('a process that has ended is left alone', async () => {
  const child = spawn('true')
  await once(child, 'exit')
  expect(() => signal(child.pid as number, 'SIGTERM')).not.toThrow()
})

test('a signal of no such name is refused', () => {
  const name = 'SIGNONE' as NodeJS.Signals
  expect(() => signal(process.pid, name)).toThrow('SIGNONE')
})
