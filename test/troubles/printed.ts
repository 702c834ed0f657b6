import { relative, resolve } from 'node:path'
import { test as base, expect } from 'vitest'
import { type Trouble, troubles } from '../../docs/.vitepress/data/troubles.ts'

const root = resolve(import.meta.dirname, '..', '..')

/** Looks at what was printed, again and again, until the text is in it. */
type Prints = (read: () => string | Promise<string>) => Promise<void>

/**
 * A test that makes programs print the texts of the troubles that name it as
 * their proof. The texts stand in the entries alone: one whose words have
 * changed fails here.
 *
 * @example
 * test('a disk that is full', async ({ prints }) => {
 *   await prints(() => etcd.said())
 * })
 */
export const test = base.extend<{ prints: Prints }>({
  prints: [
    async ({ task }, use) => {
      const file = relative(root, task.file.filepath)
      const proven = provenBy(file, task.name)
      let compared = false
      await use(async (read) => {
        compared = true
        expect(proven, 'no trouble names this test').not.toEqual([])
        for (const { text } of proven) {
          // Only ends what hangs.
          const patience = { timeout: 90_000, interval: 200 }
          await expect.poll(read, patience).toMatch(patternOf(text))
        }
      })
      expect(compared, 'it has compared nothing').toBe(true)
    },
    { auto: true },
  ],
})

/** The troubles that name a test as their proof. */
export function provenBy(file: string, title: string): Trouble[] {
  return Object.values(troubles)
    .flat()
    .filter(({ proof }) => proof?.file === file && proof.title === title)
}

/** A text as it may be printed: … stands for anything, lines included. */
export function patternOf(text: string): RegExp {
  const parts = text.split(/(…|")/).map((part) => {
    if (part === '…') return '[^]*?'
    // In a log that quotes what it was told, quotes are escaped.
    return part === '"' ? '\\\\*"' : RegExp.escape(part)
  })
  return new RegExp(parts.join(''))
}
