import { globSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { controls } from '../../docs/.vitepress/data/cis.ts'
import { HardeningTable } from '../../docs/.vitepress/tables/HardeningTable.ts'

const root = resolve(import.meta.dirname, '..', '..')
const all = Object.values(controls).flat()

/** How many controls each section of the benchmark has. */
const sections: Record<string, number> = {
  ...{ '1.1': 21, '1.2': 30, '1.3': 7, '1.4': 2, '2': 7 },
  ...{ '3.1': 3, '3.2': 2, '4.1': 10, '4.2': 14, '4.3': 1 },
  ...{ '5.1': 13, '5.2': 12, '5.3': 2, '5.4': 2, '5.5': 1, '5.6': 4 },
}

describe('the controls of the benchmark', () => {
  test('are each there once, in their section', () => {
    for (const [section, count] of Object.entries(sections)) {
      const [, its = []] =
        Object.entries(controls).find(
          ([title]) => title.split(' ')[0] === section,
        ) ?? []
      const wanted = Array.from(
        { length: count },
        (_, at) => `${section}.${at + 1}`,
      )
      expect(its.flatMap(({ ids }) => ids).sort()).toEqual(wanted.sort())
    }
    expect(Object.keys(controls)).toHaveLength(Object.keys(sections).length)
  })

  test('are looked at, unless they are left to the reader', () => {
    const unseen = all.filter(
      ({ state, checks }) => (state === 'open') !== (checks.length === 0),
    )
    expect(unseen.map(({ ids }) => ids)).toEqual([])
  })

  test('name tests that there are', () => {
    const source = globSync('test/e2e/refusals/*.ts', { cwd: root })
      .map((file) => readFileSync(join(root, file), 'utf8'))
      .join('\n')
      .replaceAll(/^ *\/\/.*$/gm, '')
    // A title that nothing runs proves nothing.
    expect(source).not.toMatch(/\b(test|describe)\.(skip|todo|only|fails)/)
    const places = /a pod|a stranger|a node/
    const titles = all.flatMap(({ checks }) =>
      checks.flatMap((check) => ('test' in check ? [check.test] : [])),
    )
    const missing = [...new Set(titles)].filter(
      (title) =>
        !source.includes(`'${title}'`) &&
        !source.includes(`'${title.replace(places, '%s')}'`),
    )
    expect(titles.length).toBeGreaterThan(20)
    expect(missing).toEqual([])
  })

  test('are shown in tables', () => {
    expect(HardeningTable({ of: '1.1' })).toContain('1.1.1 – 1.1.8')
    expect(HardeningTable({ of: '5.1' })).toContain('5.1.2, 5.1.4, 5.1.8 –')
    expect(HardeningTable({ of: 'count' })).toContain('Of its 131 controls')
    expect(() => HardeningTable({ of: '9' })).toThrow('no section 9')
  })
})
