import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DefaultTheme } from 'vitepress'
import { docs } from './site.ts'
import { steps } from './steps.ts'

/**
 * The parts of the site and the order of their pages. A page that is not
 * named here comes after those that are, so none is left out.
 */
const parts: { text: string; folder: string; first: string[] }[] = [
  {
    text: 'Start',
    folder: 'guide',
    first: ['getting-started', 'lab', 'your-own-machines', 'fork-a-step'],
  },
  {
    text: 'The steps',
    folder: 'steps',
    first: ['index', ...steps().map(({ id }) => id), 'all'],
  },
  {
    text: 'How a cluster works',
    folder: 'cluster',
    first: [
      'overview',
      'communication',
      'trust',
      'etcd',
      'request',
      'pod',
      'tls-bootstrap',
      'packets',
      'after-each-step',
      'upgrade-order',
    ],
  },
  {
    text: 'Decisions',
    folder: 'decisions',
    first: ['index', 'which-tool', 'requirements', 'operating-system'],
  },
  {
    text: 'Reference',
    folder: 'reference',
    first: [
      'index',
      'cluster-yaml',
      'files',
      'certificates',
      'ports',
      'flags',
      'hardening',
      'versions',
      'faults',
      'benchmark',
      'glossary',
    ],
  },
]

/** Pages at the top of the folder, and the part that each belongs to. */
const single: Record<string, string[]> = {
  guide: ['node-spec', 'troubleshooting'],
  reference: ['contributing', 'architecture'],
}

/** A page of the site, as its frontmatter describes it. */
export interface Page {
  /** Path below `docs`, such as `steps/05-etcd.md`. */
  file: string
  /** Path of the site, such as `/steps/05-etcd`. */
  link: string
  title: string
  description: string
}

export function readPage(file: string): Page {
  const markdown = readFileSync(join(docs, file), 'utf8')
  const [, head = ''] = /^---\n(.*?)\n---\n/s.exec(markdown) ?? []
  const field = (name: string) => {
    const [, value] = new RegExp(`^${name}: *(.+)$`, 'm').exec(head) ?? []
    return value?.replace(/^(['"])(.*)\1$/, '$2')
  }
  const heading = /^# (.+)$/m.exec(markdown)?.[1]
  const title = field('title') ?? heading ?? file
  return {
    file,
    link: `/${file.replace(/(^|\/)index\.md$/, '$1').replace(/\.md$/, '')}`,
    title,
    description: field('description') ?? '',
  }
}

/** The parts of the site with their pages, in the order they are read. */
export function pagesByPart(): { text: string; pages: Page[] }[] {
  return parts
    .map(({ text, folder, first }) => {
      const rank = (file: string) => {
        const at = first.indexOf(file.slice(folder.length + 1, -'.md'.length))
        return at === -1 ? first.length : at
      }
      const found = globSync(`${folder}/*.md`, { cwd: docs })
        .sort()
        .sort((a, b) => rank(a) - rank(b))
      const more = (single[folder] ?? [])
        .map((name) => `${name}.md`)
        .filter((file) => existsSync(join(docs, file)))
      return { text, pages: [...found, ...more].map(readPage) }
    })
    .filter(({ pages }) => pages.length > 0)
}

export function sidebar(): DefaultTheme.Sidebar {
  const api = join(docs, 'reference/api/typedoc-sidebar.json')
  const hasApi = existsSync(api)
  const apiOfLib = { text: 'API of lib', link: '/reference/api/' }
  const groups = pagesByPart().map(({ text, pages }) => ({
    text,
    collapsed: text !== 'Start' && text !== 'The steps',
    items: [
      ...pages.map(({ title, link }) => ({ text: title, link })),
      ...(hasApi && text === 'Reference' ? [apiOfLib] : []),
    ],
  }))
  if (!hasApi) return groups
  // The modules alone: what is in one is listed on its page, and a sidebar of
  // everything would be most of each of hundreds of pages.
  const modules: DefaultTheme.SidebarItem[] = JSON.parse(
    readFileSync(api, 'utf8'),
  )
  const items = modules.map(({ text, link }) => ({ text, link }))
  return {
    '/': groups,
    '/reference/api/': [{ text: 'API of lib', items }],
  }
}

const nav: [string, string][] = [
  ['Start', 'guide/getting-started'],
  ['Steps', 'steps/index'],
  ['How it works', 'cluster/overview'],
  ['Decisions', 'decisions/index'],
  ['Node spec', 'node-spec'],
  ['Reference', 'reference/index'],
]

export function navigation(): DefaultTheme.NavItem[] {
  return nav
    .filter(([, page]) => existsSync(join(docs, `${page}.md`)))
    .map(([text, page]) => ({
      text,
      link: `/${page.replace(/index$/, '')}`,
      activeMatch: `^/${page.replace(/[^/]+$/, '') || page}`,
    }))
}
