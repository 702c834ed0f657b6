import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repository } from './recorded.ts'

/** One Markdown file below `docs/`. */
export interface Page {
  /** Below `docs/`: `steps/05-etcd.md`. */
  path: string
  text: string
  /** Two digits, when the page is one of a step. */
  step?: string
}

/** A fenced block. */
export interface Fence {
  /** What follows the three backquotes: `sh [on cp-1]`. */
  info: string
  /** Without the newline at its end. */
  text: string
  /** Of the opening fence, from 1. */
  line: number
}

/** Code that VitePress takes from a file: `<<< @/../steps/05-etcd.ts#start`. */
export interface Quote {
  /** As written, with `@` for `docs/`. */
  file: string
  region?: string
  /** What stands in braces: `ts twoslash`. */
  options: string
  line: number
}

/** A line of a page that is neither code nor a quote. */
export interface Line {
  text: string
  line: number
}

/** The parts of a page. */
export interface Parts {
  fences: Fence[]
  quotes: Quote[]
  prose: Line[]
  /** Lines of the frontmatter, without its fences. */
  frontmatter: Line[]
}

/** A block that a reader types, and where. */
export interface Typed {
  page: Page
  text: string
  line: number
  /** Name of the machine; absent for the checkout. */
  machine?: string
}

/** The pages, in the order of their paths; not what typedoc generates. */
export function readPages(docs = join(repository, 'docs')): Page[] {
  return globSync('**/*.md', { cwd: docs })
    .filter((path) => !/^(node_modules|reference\/api|public)\//.test(path))
    .sort()
    .map((path) => page(path, readFileSync(join(docs, path), 'utf8')))
}

/** A page from its text. */
export function page(path: string, text: string): Page {
  const [, step] = /^steps\/(\d\d)-[\w-]+\.md$/.exec(path) ?? []
  return { path, text, ...(step && { step }) }
}

/**
 * Takes a page apart.
 *
 * @example
 * partsOf(page).fences.map(({ info }) => info)
 */
export function partsOf({ text }: Pick<Page, 'text'>): Parts {
  const parts: Parts = { fences: [], quotes: [], prose: [], frontmatter: [] }
  const lines = text.split('\n')
  let at = 0
  if (lines[0] === '---') {
    const end = lines.indexOf('---', 1)
    for (at = 1; at < end; at++) {
      parts.frontmatter.push({ text: lines[at] ?? '', line: at + 1 })
    }
    at = end + 1
  }
  for (; at < lines.length; at++) {
    const here = lines[at] ?? ''
    const [, indent = '', ticks, info = ''] =
      /^(\s*)(`{3,}|~{3,})(.*)$/.exec(here) ?? []
    if (ticks) {
      const begin = at
      const body: string[] = []
      const closes = (line: string) =>
        line.trim().startsWith(ticks) && /^[`~]+$/.test(line.trim())
      while (++at < lines.length && !closes(lines[at] ?? '')) {
        body.push(withoutIndent(lines[at] ?? '', indent.length))
      }
      const fence = { info: info.trim(), text: body.join('\n') }
      parts.fences.push({ ...fence, line: begin + 1 })
      continue
    }
    const quoted = /^\s*<<<\s*([^\s#{[]+)(?:#([\w-]+))?\s*(.*)$/.exec(here)
    if (!quoted) {
      parts.prose.push({ text: here, line: at + 1 })
      continue
    }
    const [, file = '', region, rest = ''] = quoted
    const options = /\{(.*?)\}/.exec(rest)?.[1] ?? ''
    const line = at + 1
    parts.quotes.push({ file, ...(region && { region }), options, line })
  }
  return parts
}

/** The blocks of a page that are typed: `[here]` and `[on NAME]`. */
export function typedOn(page: Page): Typed[] {
  return partsOf(page).fences.flatMap(({ info, text, line }) => {
    if (info === 'sh [here]') return [{ page, text, line }]
    const [, machine] = /^sh \[on ([\w-]+)\]$/.exec(info) ?? []
    return machine ? [{ page, text, line, machine }] : []
  })
}

function withoutIndent(line: string, width: number): string {
  return line.slice(0, width).trim() === ''
    ? line.slice(width)
    : line.trimStart()
}
