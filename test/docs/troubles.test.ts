import { globSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { pains } from '../../docs/.vitepress/data/pains.ts'
import { troubles } from '../../docs/.vitepress/data/troubles.ts'
import {
  isProvoked,
  TroubleTable,
} from '../../docs/.vitepress/tables/TroubleTable.ts'
import { patternOf } from '../troubles/printed.ts'

const root = resolve(import.meta.dirname, '..', '..')
const all = Object.values(troubles).flat()
const texts = new Set(all.map(({ text }) => text))

describe('what hurts builders of clusters', () => {
  test('is all there, by its number', () => {
    expect(pains.map(({ number }) => number)).toEqual(
      Array.from({ length: 18 }, (_, index) => index + 1),
    )
  })

  test.each(pains)('$number, $name: has troubles, or a reason', (pain) => {
    const { troubles: shown = [], none } = pain
    // One of the two: a reason beside troubles would be a contradiction.
    expect(shown.length > 0).toBe(none === undefined)
    for (const text of shown) expect(texts).toContain(text)
  })
})

describe('a trouble', () => {
  test('says on its page how it was proven, or that it was not', () => {
    for (const [of, entries] of Object.entries(troubles)) {
      const said = TroubleTable({ of }).match(/^(Reproduced|Tested|Not repr)/gm)
      expect(said, of).toHaveLength(entries.length)
    }
  })

  test('that is said to be reproduced is compared by its test', () => {
    const proven = all.flatMap(({ proof }) => (proof ? [proof] : []))
    const files = new Set(proven.filter(isProvoked).map(({ file }) => file))
    expect(files).toEqual(
      new Set(globSync('test/troubles/*.test.ts', { cwd: root })),
    )
    for (const file of files) {
      const source = readFileSync(join(root, file), 'utf8')
      expect(source, file).toContain("import { test } from './printed.ts'")
      expect(source, file).not.toMatch(
        /import \{[^}]*\btest\b[^}]*\} from 'vitest'/,
      )
    }
  })

  test('is found where … stands for something, and nowhere else', () => {
    const pattern = patternOf('got "…" instead (of …)')
    expect('it got "one\ntwo" instead (of three)').toMatch(pattern)
    // As a log has it that quotes what it was told.
    expect('msg="it got \\"one\\" instead (of two)"').toMatch(pattern)
    expect('it got one instead (of two)').not.toMatch(pattern)
    expect('got "one" instead of two').not.toMatch(pattern)
  })
})
