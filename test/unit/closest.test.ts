import { expect, test } from 'vitest'
import { closest } from '../../lib/closest.ts'

const words = ['plan', 'verify', 'undo', 'cluster', 'no-verify']

test.each([
  ['paln', 'plan'],
  ['udno', 'undo'],
  ['vreify', 'verify'],
  ['clutser', 'cluster'],
  ['no_verify', 'no-verify'],
  ['noverify', 'no-verify'],
  ['Undo', 'undo'],
  ['clustr', 'cluster'],
])('%s was probably meant to be %s', (word, meant) => {
  expect(closest(word, words)).toBe(meant)
})

test.each(['', 'x', 'frobnicate', 'napl', 'a'.repeat(50)])(
  'nothing is guessed where nothing is near: %j',
  (word) => expect(closest(word, words)).toBeUndefined(),
)
