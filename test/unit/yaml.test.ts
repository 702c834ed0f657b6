import { expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { yaml, yamlDocuments } from '../../lib/yaml.ts'

test('keys keep their order, lists and maps indent by two spaces', () => {
  expect(yaml({ b: 1, a: { list: [{ x: 1, z: [2] }], none: [] } })).toBe(
    [
      'b: 1',
      'a:',
      '  list:',
      '    - x: 1',
      '      z:',
      '        - 2',
      '  none: []',
      '',
    ].join('\n'),
  )
})

test('a key whose value is undefined is left out, null stays', () => {
  expect(yaml({ a: undefined, b: null, c: { d: undefined } })).toBe(
    'b: null\nc: {}\n',
  )
})

test.each([
  ...['6443', '1.37', '1e3', '0755', '0o17', '0x1f', '0b11', '1_000', '+1'],
  ...['10:20', '52:54:00:12:34:56', '190:20:30', '.5', '.inf', '.nan', '-1'],
  ...['true', 'False', 'yes', 'No', 'on', 'OFF', 'y', 'n', 'null', '~', ''],
  ...['2026-01-31', '2026-01-31T00:00:00Z', '<<', ' a', 'a ', 'a: b', 'a #b'],
  ...['- a', '* a', '&a', '!a', '%a', '@a', '`a', '{a}', '[a]', '#', '|', '>'],
  ...[
    '? a',
    ',',
    '"',
    "'",
    '---',
    '...',
    'a\tb',
    'a\r\nb',
    '0X1F',
    '-_1',
    '\ta\nb',
  ],
  ...['a\nb', 'a\nb\n', '\na', 'a\n\n', ' a\nb', '\u0000', '💡', 'C:\\n'],
])('the string %j stays a string in YAML 1.1 and 1.2', (text) => {
  const rendered = yaml({ key: text, [text]: 1, list: [text] })
  for (const version of ['1.1', '1.2'] as const) {
    expect(parse(rendered, { version })).toEqual({
      key: text,
      [text]: 1,
      list: [text],
    })
  }
})

test('what a machine reads as text is quoted, and only that', () => {
  expect(yaml(['6443', 'on', '-c', '10.0.0.1', 'v1.37.1', 'https://a:1'])).toBe(
    '- "6443"\n- "on"\n- -c\n- 10.0.0.1\n- v1.37.1\n- https://a:1\n',
  )
})

test('a long text is not folded', () => {
  const flags = 'word '.repeat(100).trim()
  expect(yaml({ flags })).toBe(`flags: ${flags}\n`)
})

test('text of several lines is a literal block', () => {
  const line = 'x '.repeat(60)
  expect(yaml({ script: `${line}y\nb\n` })).toBe(`script: |\n  ${line}y\n  b\n`)
})

test('an object used twice is written twice, without an anchor', () => {
  const labels = { app: 'coredns' }
  expect(yaml({ a: labels, b: labels })).toBe(
    'a:\n  app: coredns\nb:\n  app: coredns\n',
  )
})

test('rendering what was read renders the same text', () => {
  const text = yaml({ a: [{ b: '1', c: 'x\ny\n' }, null, 1.5, true] })
  expect(yaml(parse(text))).toBe(text)
})

test('several documents are separated by ---', () => {
  const text = yamlDocuments([{ kind: 'A' }, { kind: 'B' }])
  expect(text).toBe('kind: A\n---\nkind: B\n')
  expect(parseAllDocuments(text)).toHaveLength(2)
})

test.each([
  [{ a: { b: [1, undefined] } }, 'undefined at a.b[1]'],
  [{ a: Number.NaN }, 'NaN at a'],
  [{ a: [Number.POSITIVE_INFINITY] }, 'Infinity at a[0]'],
  [{ a: () => 1 }, 'function at a'],
  [{ a: Buffer.from('x') }, 'Buffer at a'],
  [{ a: new Date(0) }, 'Date at a'],
  [{ a: 'b\u2028' }, 'the character U+2028 at a'],
  [{ '\ufeffa': 1 }, 'the character U+FEFF at the key'],
])('a value that YAML has no place for is refused: %o', (value, found) => {
  expect(() => yaml(value)).toThrow(`Cannot render YAML: found ${found}`)
})
