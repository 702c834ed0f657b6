import { expect, test } from 'vitest'
import { commandLine, text } from '../../lib/text.ts'

test('the indentation that all lines share is taken away', () => {
  expect(text`
    [Unit]
      Indented
    Description=${'etcd'}
  `).toBe('[Unit]\n  Indented\nDescription=etcd\n')
})

test('a text ends with one newline, however it was written', () => {
  expect(text`a`).toBe('a\n')
  expect(text`
    a


  `).toBe('a\n')
})

test('a value of several lines keeps its own shape', () => {
  const value = 'first\n  second\n\n    third  '
  expect(text`
    before
    ${value}
    after`).toBe(`before\n${value}\nafter\n`)
})

test('empty lines stay', () => {
  expect(text`
    a

    b`).toBe('a\n\nb\n')
})

test('backslashes stay as they are typed', () => {
  expect(text`
    a \
      b\n`).toBe('a \\\n  b\\n\n')
})

test('numbers and odd values are written as they are', () => {
  expect(text`${0} ${-1.5} ${'$&'} ${'\0'}`).toBe('0 -1.5 $& \0\n')
})

test('a command line has one flag a line', () => {
  const flags = { 'node-ip': '10.10.0.11', v: 2, 'fail-swap-on': false }
  expect(commandLine('/usr/local/bin/kubelet', flags)).toBe(
    '/usr/local/bin/kubelet \\\n' +
      '  --node-ip=10.10.0.11 \\\n  --v=2 \\\n  --fail-swap-on=false',
  )
  expect(commandLine('/bin/true', {})).toBe('/bin/true')
})

// systemd.service(5), "Command lines": % begins a specifier, $ a variable,
// white space ends a word, and a word in quotes is read as in C.
test.each([
  ['50%', '--a=50%%'],
  ['$HOME', '--a=$$HOME'],
  ['b c', '"--a=b c"'],
  ['{"b":1}', '"--a={\\"b\\":1}"'],
  ["it's", '"--a=it\'s"'],
  ['b\\c', '"--a=b\\\\c"'],
  ['b\nc', '"--a=b\\nc"'],
  ['', '--a='],
])('in a unit, the value %j is literal', (value, written) => {
  expect(commandLine('/bin/a', { a: value })).toBe(`/bin/a \\\n  ${written}`)
})
