import { describe, expect, test } from 'vitest'
import type { FileState } from '../../lib/host.ts'
import { fileDiff } from '../../lib/journal.ts'

const file = (
  content: string,
  mode = 0o644,
  owner = 'root:root',
): FileState => {
  return { content, mode, owner }
}
const secret = (content: string) => file(content, 0o600)

describe('the plan of a file', () => {
  test('shows a new one with its access and every line', () => {
    expect(fileDiff('/etc/a', undefined, file('one\ntwo\n'))).toEqual([
      ...['create /etc/a', '  + 644 root:root'],
      ...['  + one', '  + two', '  + '],
    ])
  })

  test('shows of a changed one the lines that differ, in their order', () => {
    const before = file('a\nb\nc\nd\n')
    const after = file('a\nB\nc\nd\ne\n')
    expect(fileDiff('/etc/a', before, after)).toEqual([
      ...['change /etc/a', '  - b', '  + B', '  + e'],
    ])
  })

  test('shows access alone when nothing else differs', () => {
    const after = file('a\n', 0o644, 'etcd:etcd')
    expect(fileDiff('/etc/a', file('a\n', 0o600), after)).toEqual([
      ...['change /etc/a', '  - 600 root:root', '  + 644 etcd:etcd'],
    ])
  })

  test('is one line for a file that is as it should be', () => {
    expect(fileDiff('/etc/a', file('a\n'), file('a\n'))).toHaveLength(1)
  })
})

describe('the plan of a secret', () => {
  test('has the fingerprint of a new one, and nothing of its content', () => {
    const lines = fileDiff('/etc/key', undefined, secret('do not show\n'))
    expect(lines).toEqual([
      ...['create /etc/key', '  + 600 root:root'],
      '  + secret sha256:b997367b8728c4f1…',
    ])
  })

  test('has both fingerprints of a changed one', () => {
    const lines = fileDiff('/etc/key', secret('old'), secret('new'))
    expect(lines.join('\n')).not.toMatch(/old|new/)
    expect(lines).toHaveLength(3)
    expect(lines[1]).toMatch(/^ {2}- secret sha256:[0-9a-f]{16}…$/)
    expect(lines[2]).toMatch(/^ {2}\+ secret sha256:[0-9a-f]{16}…$/)
  })

  test('counts as one when a group may read it, and all others may not', () => {
    const lines = fileDiff('/etc/key', undefined, file('no', 0o640))
    expect(lines.at(-1)).toContain('secret sha256:')
  })

  test('shows nothing of what was a secret before it became public', () => {
    const lines = fileDiff('/etc/key', secret('hidden\n'), file('public\n'))
    expect(lines.join('\n')).not.toContain('hidden')
  })
})
