import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { repository } from '../../commands/docs/recorded.ts'

const lib = join(repository, 'lib')

/** Functions that a file exports, each with the comment right above it. */
function exported(source: string): { name: string; comment: string }[] {
  const found = source.matchAll(/^export (?:async )?function (\w+)/gm)
  return [...found].map(({ 1: name = '', index }) => {
    const above = source.slice(0, index)
    const comment = above.endsWith('*/\n')
      ? above.slice(above.lastIndexOf('/**'))
      : ''
    return { name, comment }
  })
}

test('every function of lib says what it is for, with an example', () => {
  const files = readdirSync(lib, { recursive: true, encoding: 'utf8' })
  const functions = files
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => {
      const source = readFileSync(join(lib, file), 'utf8')
      return exported(source).map((it) => ({ file, ...it }))
    })
  expect(functions.length).toBeGreaterThan(100)
  const without = functions
    .filter(({ comment }) => !comment.includes('* @example\n'))
    .map(({ file, name }) => `lib/${file}: ${name}`)
  expect(without).toEqual([])
})

test('a comment elsewhere in the file does not count', () => {
  const source = '/** Of another. @example */\n\nexport function a() {}\n'
  expect(exported(source)).toEqual([{ name: 'a', comment: '' }])
})
