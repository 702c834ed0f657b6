import { existsSync, readFileSync, statSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { type Page, partsOf, type Quote } from '../../commands/docs/pages.ts'
import { at } from './at.ts'

/** A file that pages quote. */
export interface Source {
  /** Path in the checkout. */
  path: string
  text: string
}

/** The named parts of a file, in order, with the line of each. */
export function regionsOf({ text }: Pick<Source, 'text'>) {
  return text.split('\n').flatMap((line, index) => {
    const [, name] = /^\s*(?:\/\/|#) #region ([\w-]+)$/.exec(line) ?? []
    return name ? [{ name, line: index + 1 }] : []
  })
}

/**
 * Regions that are not closed, or not in pairs: VitePress would quote too
 * much, and say nothing.
 */
export function brokenRegions(source: Source): string[] {
  const errors: string[] = []
  const names = new Set<string>()
  let open: string | undefined
  for (const [index, line] of source.text.split('\n').entries()) {
    const mark = /^\s*(?:\/\/|#) #(end)?region\b ?(.*)$/.exec(line)
    if (!mark) continue
    const [, end, name = ''] = mark
    const say = (what: string) =>
      errors.push(`${source.path}:${index + 1}: ${what}`)
    if (end) {
      if (name !== open) say(`#endregion ${name} closes #region ${open}`)
      open = undefined
    } else {
      if (open !== undefined) say(`#region ${name} begins inside ${open}`)
      if (!/^[\w-]+$/.test(name)) say(`a region needs a name: "${name}"`)
      if (names.has(name)) say(`there are two regions ${name}`)
      names.add(name)
      open = name
    }
  }
  if (open !== undefined) {
    errors.push(`${source.path}: #region ${open} is never closed`)
  }
  return errors
}

/**
 * Each region of a step and of its modules is quoted exactly once on the
 * step's page, in the order of its file; so is the whole file.
 *
 * @param sources the step first, then its modules
 */
export function unquoted(page: Page, sources: readonly Source[]): string[] {
  const errors: string[] = []
  const quotes = partsOf(page).quotes.map((quote) => ({
    ...quote,
    path: pathOf(quote),
  }))
  for (const [index, source] of sources.entries()) {
    const regions = regionsOf(source)
    const here = quotes.filter(({ path }) => path === source.path)
    const whole = here.filter(({ region }) => region === undefined)
    if (index === 0 && whole.length !== 1) {
      errors.push(
        `${at(page)}: quotes the whole file ${source.path} ` +
          `${whole.length} times, wanted once`,
      )
    }
    if (regions.length === 0 && whole.length === 0) {
      errors.push(
        `${source.path}: has no region, so no reader sees it; give it some, ` +
          `or quote it whole in ${at(page)}`,
      )
    }
    for (const { name, line } of regions) {
      const times = here.filter(({ region }) => region === name)
      if (times.length === 0) {
        errors.push(
          `${source.path}:${line}: region ${name} is not quoted in ` +
            `${at(page)}: <<< @/../${source.path}#${name}`,
        )
      }
      for (const { line } of times.slice(1)) {
        errors.push(`${at(page, line)}: quotes ${name} a second time`)
      }
    }
    const order = regions.map(({ name }) => name)
    let last = -1
    for (const { region, line } of here) {
      if (region === undefined) continue
      const rank = order.indexOf(region)
      if (rank >= 0 && rank < last) {
        errors.push(
          `${at(page, line)}: ${region} comes before ${order[last]} in ` +
            source.path,
        )
      }
      last = Math.max(last, rank)
    }
  }
  return errors
}

/**
 * Code that stands before its reason: below a heading, a component, or other
 * code. Checks and ways back are explained where they are shown.
 */
export function unexplained(page: Page): string[] {
  const { prose, quotes, fences } = partsOf(page)
  const said = prose.filter(({ text }) => !/^\s*(:::)?\s*$/.test(text))
  const code = [...quotes, ...fences].map(({ line }) => ({ line, text: '' }))
  const above = [...said, ...code].sort((a, b) => b.line - a.line)
  return quotes.flatMap(({ line, region }) => {
    const before = above.filter((it) => it.line < line)
    const section = before.find(({ text }) => text.startsWith('## '))?.text
    if (section === '## Verify' || section === '## Undo') return []
    const last = before[0]?.text ?? ''
    if (last !== '' && !/^(#|<[A-Z])/.test(last)) return []
    return [
      `${at(page, line)}: nothing above ${region ?? 'the file'} says what it ` +
        `is for; it follows ${last || 'other code'}`,
    ]
  })
}

/** Quotes of files or regions that are not there, or are not run or checked. */
export function unknownQuotes(page: Page, root: string): string[] {
  return partsOf(page).quotes.flatMap((quote) => {
    const path = pathOf(quote)
    const where = at(page, quote.line)
    if (!path) {
      return [`${where}: a quoted file begins with @/, found ${quote.file}`]
    }
    const file = join(root, path)
    if (
      path.startsWith('..') ||
      !existsSync(file) ||
      !statSync(file).isFile()
    ) {
      return [`${where}: there is no file ${path}`]
    }
    if (path.startsWith('docs/') && !path.startsWith('docs/examples/')) {
      return [`${where}: ${path} is no file that is run; use docs/examples/`]
    }
    const { region } = quote
    const names = regionsOf({ text: readFileSync(file, 'utf8') })
    if (!region || names.some(({ name }) => name === region)) return []
    const known = names.map(({ name }) => name).join(', ') || 'none'
    return [`${where}: ${path} has no region ${region}; it has: ${known}`]
  })
}

/** Examples that no page quotes. */
export function unusedExamples(
  pages: readonly Page[],
  examples: readonly string[],
): string[] {
  const quoted = new Set(
    pages.flatMap((page) => partsOf(page).quotes.map(pathOf)),
  )
  return examples
    .filter((path) => !quoted.has(path))
    .map((path) => `${path}: no page quotes it: remove it, or quote it`)
}

// `@` is docs/.
function pathOf({ file }: Quote): string {
  if (!file.startsWith('@/')) return ''
  const root = '/checkout'
  return relative(root, resolve(root, 'docs', file.slice(2)))
}
