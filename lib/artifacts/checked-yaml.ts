import { LineCounter, parseDocument } from 'yaml'
import type { z } from 'zod'
import { GuideError } from '../errors.ts'

/**
 * Reads YAML and checks its shape, naming the line of every mistake.
 *
 * @param source the text
 * @param name how errors call the file
 * @throws {GuideError} with all mistakes: file, line, found, allowed
 * @example
 * readCheckedYaml(text, 'versions.yaml', schema)
 */
export function readCheckedYaml<T extends z.ZodType>(
  source: string,
  name: string,
  schema: T,
): z.infer<T> {
  const lines = new LineCounter()
  const document = parseDocument(source, { lineCounter: lines })
  const [broken] = document.errors
  if (broken) {
    const { line } = lines.linePos(broken.pos[0])
    throw new GuideError(`${name}:${line}: ${broken.message}`)
  }
  const value: unknown = document.toJS()
  const checked = schema.safeParse(value)
  if (checked.success) return checked.data
  const lineOf = (path: readonly PropertyKey[]): number => {
    const node = document.getIn(path, true) as { range?: number[] } | undefined
    const start = node?.range?.[0]
    if (start !== undefined) return lines.linePos(start).line
    // What is missing has no line: that of what it is missing from.
    return path.length ? lineOf(path.slice(0, -1)) : 1
  }
  const mistakes = checked.error.issues.map(({ path, message }) => {
    const where = path.map(String).join('.') || 'the file'
    const found = path.reduce<unknown>(
      (inner, key) => (inner as Record<PropertyKey, unknown>)?.[key],
      value,
    )
    const shown = JSON.stringify(found)?.slice(0, 80) ?? 'nothing'
    return `${name}:${lineOf(path)}: ${where} is ${shown}; allowed: ${message}`
  })
  throw new GuideError(mistakes.join('\n'))
}
