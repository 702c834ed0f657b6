import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { isLeftBehind, thisProcess } from '../../lib/leftovers.ts'
import { usePatience, writePatience } from '../../lib/patience.ts'
import { startOf } from '../../lib/process.ts'

const label = 'kubernetes-from-scratch/probe'

function made(by: string, secondsAgo = 0) {
  const creationTimestamp = new Date(
    Date.now() - secondsAgo * 1000,
  ).toISOString()
  const labels = { [label]: by }
  return {
    ...{ apiVersion: 'v1', kind: 'Namespace' },
    metadata: { name: 'probe-1', labels, creationTimestamp },
  }
}

const folder = mkdtempSync(join(tmpdir(), 'leftovers-'))

afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
  usePatience(folder)
})

test('what a running check has made is not left behind', () => {
  expect(isLeftBehind(made(thisProcess(), 3600), label)).toBe(false)
})

test('what a check whose process has ended has made is', async () => {
  const check = spawn('sleep', ['100'])
  const maker = thisProcess().replace(
    `.${process.pid}.${startOf(process.pid)}`,
    `.${check.pid}.${startOf(check.pid as number)}`,
  )
  expect(isLeftBehind(made(maker), label)).toBe(false)
  check.kill('SIGKILL')
  await once(check, 'exit')
  expect(isLeftBehind(made(maker), label)).toBe(true)
})

test('a later process of the same number did not make it', () => {
  const maker = thisProcess().replace(/\d+$/, '1')
  expect(isLeftBehind(made(maker), label)).toBe(true)
})

test('on another computer, a check has ten minutes', () => {
  const maker = 'from-another-one.1.1'
  expect(isLeftBehind(made(maker, 590), label)).toBe(false)
  expect(isLeftBehind(made(maker, 610), label)).toBe(true)
})

test('and more where machines are slow', () => {
  writePatience(folder, 10)
  usePatience(folder)
  expect(isLeftBehind(made('from-another-one.1.1', 5900), label)).toBe(false)
  expect(isLeftBehind(made('from-another-one.1.1', 6100), label)).toBe(true)
})

test('an object of the guide that says nothing of its maker has, too', () => {
  expect(isLeftBehind(made('yes', 590), label)).toBe(false)
  expect(isLeftBehind(made('yes', 610), label)).toBe(true)
})

test('the name of a process fits into a label', () => {
  expect(thisProcess()).toMatch(/^[A-Za-z0-9][\w.-]{0,61}[A-Za-z0-9]$/)
})
