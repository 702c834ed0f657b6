import { expect, test } from 'vitest'
import { megabytes, printProgress } from '../../lib/artifacts/progress.ts'

function screen(isTTY: boolean) {
  const text: string[] = []
  return { text, isTTY, columns: 60, write: (part: string) => text.push(part) }
}

const bytes = (what: string, done: number, total?: number) =>
  ({ kind: 'progress', what, done, total, unit: 'bytes' }) as const

test('a log gets a line for each thing every ten seconds', () => {
  const log = screen(false)
  let time = 0
  const report = printProgress(log, () => time)
  for (time = 0; time <= 25_000; time += 1000) {
    report(bytes('kubelet', time * 1000, 50e6))
  }
  report({ kind: 'ready', text: 'kubelet: downloaded' })
  expect(log.text).toEqual([
    '    kubelet 20 % of 50 MB\n',
    '    kubelet 40 % of 50 MB\n',
    '  ✓ kubelet: downloaded\n',
  ])
})

test('a terminal has one line that is written over', () => {
  const terminal = screen(true)
  let time = 1000
  const report = printProgress(terminal, () => time)
  report(bytes('kubelet', 5e6, 50e6))
  time += 50
  report(bytes('kubelet', 6e6, 50e6))
  time += 100
  report(bytes('etcd', 3e6))
  report({ kind: 'note', text: 'etcd: waiting' })
  expect(terminal.text).toEqual([
    '\r\u001b[K  kubelet 10 % of 50 MB',
    '\r\u001b[K  kubelet 12 % of 50 MB, etcd 3.0 MB',
    '\r\u001b[K  · etcd: waiting\n',
  ])
})

test('a terminal line is never longer than the terminal', () => {
  const terminal = screen(true)
  const report = printProgress(terminal, () => 1000)
  report(bytes('x'.repeat(200), 1, 2))
  expect(terminal.text.join('')).toHaveLength(59 + '\r\u001b[K'.length)
})

test('sizes are for people', () => {
  expect(megabytes(91_975_842)).toBe('92 MB')
  expect(megabytes(699_392)).toBe('0.7 MB')
})
