import assert from 'node:assert/strict'
import { expect, test } from 'vitest'
import { CommandError, GuideError, renderError } from '../../lib/errors.ts'

const failed = {
  machine: 'cp-1',
  paste: "ssh cp-1 bash <<'END'\nfalse\nEND",
  code: 3,
  stderr: 'why\n',
}

test('an error of the guide is its message, and what to do, line by line', () => {
  const error = new GuideError('It failed\n  here', ['look', 'run it again'])
  expect(renderError(error)).toBe(
    'It failed\n  here\n  → look\n  → run it again',
  )
})

test('an error of the guide shows no stack, nor its cause', () => {
  const error = new GuideError('It failed', [], new Error('deep inside'))
  expect(renderError(error)).toBe('It failed')
  expect(error.cause).toBeInstanceOf(Error)
})

test('a failed command names machine, code, the script and its last words', () => {
  expect(renderError(new CommandError(failed, ['look']))).toBe(
    [
      'cp-1: a command failed with exit code 3',
      '  to run it again by hand:',
      "    ssh cp-1 bash <<'END'",
      '    false',
      '    END',
      '  end of stderr:',
      '    why',
      '  → look',
    ].join('\n'),
  )
})

test('a failed command keeps what a caller may decide on', () => {
  expect(new CommandError(failed)).toMatchObject({ code: 3, stderr: 'why\n' })
})

test('a command that died in silence shows no empty heading', () => {
  const error = new CommandError({ ...failed, stderr: '\n' })
  expect(error.message).not.toContain('stderr')
})

test('of many words of a failed command, the last eight lines are shown', () => {
  const stderr = Array.from({ length: 50 }, (_, i) => `line ${i}\n`).join('')
  const { message } = new CommandError({ ...failed, stderr })
  expect(message.match(/line \d+/g)).toEqual(
    [42, 43, 44, 45, 46, 47, 48, 49].map((number) => `line ${number}`),
  )
})

test('a failed command without advice says where to look', () => {
  expect(new CommandError(failed).next).toEqual([
    'what else happened there: journalctl --since -5min, on cp-1',
  ])
  expect(new CommandError(failed, ['look']).next).toEqual(['look'])
})

test.each([
  ['No space left on device', 'the disk is full'],
  ['Read-only file system', 'a file system is read-only'],
  ['curl: command not found', 'a program is missing: npx zx steps/02'],
  ['curl: (7) Failed to connect to 127.0.0.1', 'nothing answers there'],
  ['curl: (28) Operation timed out', 'no answer in time'],
  ['curl: (60) SSL certificate problem', 'a certificate is refused'],
])('"%s" comes with advice', (said, advice) => {
  const stderr = `install: cannot create '/a': ${said}\n`
  expect(renderError(new CommandError({ ...failed, stderr }))).toContain(
    `  → ${advice}`,
  )
})

test('of several errors at once, each is shown', () => {
  const errors = [new GuideError('one', ['a']), new CommandError(failed)]
  const text = renderError(new AggregateError(errors))
  expect(text).toContain('one\n  → a\ncp-1: a command failed')
})

test('a failed check is its message alone', () => {
  const error = (() => {
    try {
      assert.equal(1, 2, 'wanted two')
    } catch (reason) {
      return reason
    }
  })()
  expect(renderError(error)).toMatch(/^wanted two/)
  expect(renderError(error)).not.toContain('errors.test.ts')
})

test('an error that nobody foresaw shows where it came from', () => {
  const text = renderError(new TypeError('oops'))
  expect(text).toContain('TypeError: oops')
  expect(text).toContain('errors.test.ts')
})

test('what is no error at all is shown as it is', () => {
  expect(renderError('text')).toBe('text')
  expect(renderError(undefined)).toBe('undefined')
})
