import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { stepFiles, stepsFolder } from '../../lib/steps.ts'

// Each page of the guide quotes its step by regions, and readers read it on
// narrow screens.

const mostLines = 160
const mostColumns = 80

const all = readdirSync(stepsFolder, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .sort()
const linesOf = (path: string) =>
  readFileSync(join(stepsFolder, path), 'utf8').trimEnd().split('\n')

describe.each(all)('steps/%s', (path) => {
  const lines = linesOf(path)

  test('is not wider than 80 columns', () => {
    const wide = lines
      .map((line, index) => `${index + 1}: ${line}`)
      .filter((_, index) => [...(lines[index] ?? '')].length > mostColumns)
    expect(wide).toEqual([])
  })

  test('has regions that end where they begin, each of its own name', () => {
    let open = ''
    const names: string[] = []
    for (const line of lines) {
      const [, end, name = ''] = /^ *\/\/ #(end)?region ?(.*)$/.exec(line) ?? []
      if (name === '' && !line.includes('region')) continue
      expect(name, line).toMatch(/^[a-z][a-z-]+$/)
      expect(open, line).toBe(end ? name : '')
      open = end ? '' : name
      if (!end) names.push(name)
    }
    expect(open).toBe('')
    expect(new Set(names).size).toBe(names.length)
  })
})

describe.each(stepFiles())('step $number', ({ number, file }) => {
  const lines = linesOf(relative(stepsFolder, file))

  test('says in its first lines what it is, where it runs, what it needs', () => {
    expect(lines[0]).toMatch(new RegExp(`^// ${number} [^:]+: \\S`))
    const header = lines.slice(1, lines.indexOf('')).join(' ')
    expect(header).toMatch(/^\/\/ Runs on: .+ · Needs: .+ · Leaves: (.|\/\/)+$/)
  })

  test('needs in its header what it asks for in its code', () => {
    const header = /Needs: ([^·]*)/.exec(lines.slice(1, 4).join(' '))?.[1] ?? ''
    const text = lines.join('\n')
    const [, needs = ''] =
      /await step\(\s*import\.meta,?\s*(?:\[([^\]]*)\])?/.exec(text) ?? []
    const numbers = (list: string) => list.match(/\d\d/g) ?? []
    // What follows from another step need not be said.
    for (const needed of numbers(header)) {
      expect(numbers(needs)).toContain(needed)
    }
  })

  test(`has at most ${mostLines} lines`, () => {
    expect(lines.length).toBeLessThanOrEqual(mostLines)
  })
})
