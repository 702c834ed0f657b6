import { parse } from 'yaml'
import { type Page, partsOf } from '../../commands/docs/pages.ts'
import { at } from './at.ts'

/** What is missing in the head of a page: search and tags live of it. */
export function wrongFrontmatter(page: Page): string[] {
  const { frontmatter } = partsOf(page)
  const fields = readFields(frontmatter.map(({ text }) => text).join('\n'))
  if (!fields) return [`${at(page, 1)}: its frontmatter is not YAML`]
  const { title, description } = fields
  const errors: string[] = []
  if (!isText(title)) errors.push(`${at(page, 1)}: it has no title`)
  if (!isText(description)) {
    errors.push(`${at(page, 1)}: it has no description`)
  } else if (!/[.?!]$/.test(description)) {
    errors.push(`${at(page, 1)}: its description is no whole sentence`)
  }
  return errors
}

function readFields(text: string): Record<string, unknown> | undefined {
  try {
    return parse(text) ?? {}
  } catch {
    return undefined
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== ''
}
