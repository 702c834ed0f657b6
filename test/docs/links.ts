import { existsSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { type Page, partsOf } from '../../commands/docs/pages.ts'
import { at } from './at.ts'
import { lineAt, proseOf } from './prose.ts'

/** What links may lead to. */
export interface Site {
  pages: readonly Page[]
  /** Folder whose files are served as they are. */
  publicFolder: string
  /** Folders of pages that are generated, such as `/reference/api/`. */
  generated: readonly string[]
  /** A page's text with what components write: they make headings, too. */
  expand?: (page: Page) => string
}

interface Link {
  target: string
  line: number
  image: boolean
  /** HTML, which VitePress leaves as it is: relative, for any base. */
  html: boolean
}

/** Links and images of a page that lead nowhere. */
export function deadLinks(page: Page, site: Site): string[] {
  return linksOf(page).flatMap(({ line, ...link }) => {
    const { target } = link
    const why = problemOf(link, page, site)
    return why ? [`${at(page, line)}: ${target}: ${why}`] : []
  })
}

/** The links and images of a page's prose. */
export function linksOf(page: Page): Link[] {
  const head = partsOf(page).frontmatter.flatMap(({ text, line }) => {
    const [, target] = /^[\s-]*(?:link|src): *['"]?([^'"\s]+)/.exec(text) ?? []
    const image = /src:/.test(text)
    return target ? [{ target, line, image, html: false }] : []
  })
  const prose = proseOf(page)
  const body = [
    ...prose.matchAll(/(!?)\[[^\]]*\]\(([^)\s]+)[^)]*\)/g),
    ...prose.matchAll(/^()\s*\[[^\]]+\]: (\S+)/gm),
    ...prose.matchAll(/<(img)\b[^>]*\ssrc="([^"]+)"/g),
    ...prose.matchAll(/<a()\b[^>]*\shref="([^"]+)"/g),
  ].map(({ 0: found, 1: image, 2: target = '', index }) => ({
    ...{ target, image: !!image, html: found.startsWith('<') },
    line: lineAt(prose, index),
  }))
  return [...head, ...body]
}

function problemOf(
  { target, image, html }: Omit<Link, 'line'>,
  page: Page,
  site: Site,
): string | undefined {
  if (/^(https?|mailto):/.test(target)) return undefined
  const [written = '', anchor] = target.split('#')
  const below = posix.join('/', posix.dirname(page.path), written)
  const path = html && /^\.{1,2}\//.test(written) ? below : written
  if (path !== '' && !path.startsWith('/')) {
    return 'links between pages begin with / and are from docs/'
  }
  if (image || /\.\w+$/.test(path)) {
    if (/\.md$|\.html$/.test(path)) return 'write it without the extension'
    const file = join(site.publicFolder, path)
    return existsSync(file) ? undefined : `there is no file ${file}`
  }
  if (site.generated.some((folder) => path.startsWith(folder))) return undefined
  const known = path === '' ? page : pageAt(path, site.pages)
  if (!known) return 'there is no such page'
  if (!anchor) return undefined
  const anchors = anchorsOf(site.expand?.(known) ?? known.text)
  if (anchors.includes(decodeURIComponent(anchor))) return undefined
  return `${at(known)} has no heading #${anchor}; it has: ${anchors.join(', ')}`
}

/** The page at a path of the site. */
export function pageAt(path: string, pages: readonly Page[]): Page | undefined {
  const file = path.slice(1)
  const wanted =
    file === '' || file.endsWith('/') ? `${file}index.md` : `${file}.md`
  return pages.find((page) => page.path === wanted)
}

/** Ids of the headings, as VitePress makes them. */
export function anchorsOf(text: string): string[] {
  const taken = new Map<string, number>()
  const { prose } = partsOf({ text })
  return prose.flatMap(({ text: line }) => {
    const ids = [...line.matchAll(/\sid="([^"]+)"/g)].map(([, id = '']) => id)
    const [, title] = /^#{1,6} (.*)$/.exec(line) ?? []
    if (title === undefined) return ids
    const [, own] = /\{#([^}\s]+)[^}]*\}\s*$/.exec(title) ?? []
    if (own) return [...ids, own]
    const plain = title
      .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replace(/<[^>]+>/g, '')
      .replace(/[`*]|(?<!\w)_|_(?!\w)/g, '')
    const slug = slugify(plain.trim())
    const times = taken.get(slug) ?? 0
    taken.set(slug, times + 1)
    return [...ids, times === 0 ? slug : `${slug}-${times}`]
  })
}

// As @mdit-vue/shared does it, which VitePress has inside.
function slugify(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/[\u0300-\u036F]/g, '')
    .replace(/[\s~`!@#$%^&*()\-_+=[\]{}|\\;:"'“”‘’<>,.?/]+/g, '-')
    .replace(/-{2,}/g, '-')
    .replace(/^-+|-+$/g, '')
    .replace(/^(\d)/, '_$1')
    .toLowerCase()
}

/** Pages that no entry of the sidebar or of the navigation leads to. */
export function orphans(
  pages: readonly Page[],
  entries: readonly string[],
): string[] {
  const reached = new Set(entries.map((entry) => pageAt(entry, pages)))
  return pages
    .filter((page) => page.path !== 'index.md' && !reached.has(page))
    .map(
      (page) =>
        `${at(page)}: neither sidebar nor navigation leads to it; see ` +
        `docs/.vitepress/pages.ts, and the other pages of ${dirname(at(page))}`,
    )
}

/** Entries of the sidebar that lead nowhere. */
export function deadEntries(
  pages: readonly Page[],
  entries: readonly string[],
): string[] {
  return entries
    .filter((entry) => entry.startsWith('/') && !pageAt(entry, pages))
    .map((entry) => `docs/.vitepress/pages.ts: ${entry}: there is no such page`)
}
