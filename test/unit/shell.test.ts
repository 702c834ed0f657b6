import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { quote, type Script, type ShellValue, sh } from '../../lib/shell.ts'
import { hostileTexts, randomTexts } from '../transport/hostile.ts'

const texts = [...hostileTexts, ...randomTexts(400)]

/** What bash makes of words: each as an argument of its own. */
function wordsOf({ script }: Script): string[] {
  const { stdout, stderr, status } = spawnSync('bash', ['--norc', '-s'], {
    input: `set -euo pipefail\n${script}\n`,
    encoding: 'utf8',
    maxBuffer: 1e8,
  })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return stdout.split('\0').slice(0, -1)
}

test('bash reads whatever is quoted as one literal word', () => {
  const lines = texts.map((text) => `printf '%s\\0' ${quote(text)}`)
  expect(wordsOf({ script: lines.join('\n') })).toEqual(texts)
})

test('bash reads each item of a list as one literal word', () => {
  expect(wordsOf(sh`printf '%s\0' ${texts}`)).toEqual(texts)
})

test('values inside of a script of many lines are literal, too', () => {
  const pieces = texts.map(
    (text) => sh`
      if true; then
        value=${text}
        printf '%s\0' "$value"
      fi`,
  )
  const script = pieces.map((piece) => piece.script).join('\n')
  expect(wordsOf({ script })).toEqual(texts)
})

test('values are literal in a script inside of a script', () => {
  const pieces = texts.map((text) => {
    const inner = sh`
      printf '%s\0' \
        ${text}`
    return sh`
      (
        set -e
        ${inner}
      )`
  })
  const script = pieces.map((piece) => piece.script).join('\n')
  expect(wordsOf({ script })).toEqual(texts)
})

test('a value may stand beside text and other values', () => {
  expect(wordsOf(sh`printf '%s\0' a${"'"}b${' '}${'$c'}"d e"`)).toEqual([
    "a'b $cd e",
  ])
})

test('a value that needs no quotes gets none', () => {
  const plain = ['10.20.1.0/24', 'a=b', 'user@host:22', '--flag', '50%', '-1']
  expect(plain.map(quote)).toEqual(plain)
  expect(quote(6443)).toBe('6443')
  expect(quote('')).toBe("''")
  expect(quote("it's")).toBe(`'it'\\''s'`)
})

test('a newline at the end is part of the value', () => {
  expect(quote('plain\n')).toBe("'plain\n'")
})

test('an empty list is no word at all', () => {
  expect(wordsOf(sh`printf '%s\0' a ${[]} b`)).toEqual(['a', 'b'])
})

test('a NUL, which bash cannot hold, is refused', () => {
  expect(() => quote('a\0b')).toThrow('NUL')
  expect(() => sh`echo ${['a', '\0']}`).toThrow('NUL')
})

test.each([undefined, null, {}, true])('%s cannot be inserted', (value) => {
  expect(() => sh`echo ${value as unknown as ShellValue}`).toThrow(
    'Cannot insert into a script',
  )
})

test('a script loses the indentation of the code around it', () => {
  expect(sh`
    if true; then
      echo ${'a b'}
    fi
  `).toEqual({ script: "if true; then\n  echo 'a b'\nfi" })
  expect(sh`echo a`).toEqual({ script: 'echo a' })
  expect(sh``).toEqual({ script: '' })
})

test('a value of several lines keeps its indentation', () => {
  const value = 'a\n  b\n    c'
  expect(sh`
    printf %s ${value}
    true`).toEqual({ script: `printf %s '${value}'\ntrue` })
})

test('a document in a script inside of a script keeps its shape', () => {
  const inner: Script = { script: "cat <<'E'\n  indented\nE" }
  expect(sh`
    {
      ${inner}
    }`).toEqual({ script: `{\n  ${inner.script}\n}` })
})

test('backslashes stay as they are typed', () => {
  expect(sh`sed 's/\(a\)/\1\n/'`).toEqual({ script: "sed 's/\\(a\\)/\\1\\n/'" })
})

// With pipefail the line fails whenever the program before it was still writing.
test('no script of ours leaves a pipe at the first match', () => {
  const files = globSync('{commands,lab,lib,steps,test/e2e/refusals}/**/*.ts')
  expect(files).toContain('lib/machine.ts')
  const leaves = /(?<!\|)\|\s*grep[^|\n]* (-\w*q|--quiet)/
  const leaving = files.filter((file) =>
    leaves.test(readFileSync(file, 'utf8')),
  )
  expect(leaving).toEqual([])
})
