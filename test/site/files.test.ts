import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, inject, test } from 'vitest'
import { pagesByPart } from '../../docs/.vitepress/pages.ts'
import { title } from '../../docs/.vitepress/site.ts'
import { expectNone } from '../docs/at.ts'
import { published } from './build.ts'
import { fileAt } from './server.ts'

const { url, folder } = inject('site')
const { pathname: base } = new URL(url)
const pages = pagesByPart().flatMap(({ pages }) => pages)
const read = (path: string) => {
  const file = fileAt(folder, path)
  if (!file) throw new Error(`the build wrote no ${path}`)
  return readFileSync(file, 'utf8')
}

describe('for programs that read', () => {
  test('llms.txt names every page', () => {
    const list = read('llms.txt')
    const missing = pages.filter(({ file, title, description }) => {
      return !list.includes(`- [${title}](${published}${file}): ${description}`)
    })
    expect(missing.map(({ file }) => file)).toEqual([])
  })

  test.each(pages)('$file is there as Markdown', ({ file, title, link }) => {
    const text = read(file)
    expect(text).toContain(`title: ${title}\n`)
    expect(text.length).toBeGreaterThan(300)
    // Code and tables stand in it, not what they are made from.
    expect(text).not.toMatch(/^<<< /m)
    expect(text).not.toMatch(/^<[A-Z]\w+Table\b/m)
    expect(read(link.slice(1))).toContain(
      `type="text/markdown" href="${base}${file}"`,
    )
  })

  test('the sitemap lists every page', () => {
    const listed = read('sitemap.xml')
    const missing = ['/', ...pages.map(({ link }) => link)].filter((link) => {
      return !listed.includes(`<loc>${published}${link.slice(1)}</loc>`)
    })
    expect(missing).toEqual([])
  })
})

describe('in the head', () => {
  const all = [{ link: '/', title, description: '' }, ...pages]

  test.each(all)('of $link', ({ link, title, description }) => {
    const html = read(link.slice(1))
    const head = html.slice(0, html.indexOf('</head>'))
    const tags = Object.fromEntries(
      [...head.matchAll(/<meta property="([^"]+)" content="([^"]*)"/g)].map(
        ([, property, content]) => [property, content],
      ),
    )
    expect(html).toMatch(/^<!DOCTYPE html>\s*<html lang="en-US"/i)
    expect(tags['og:title']).toBe(escaped(title))
    expect(tags['og:description']).toContain(escaped(description))
    expect(tags['og:url']).toBe(`${published}${link.slice(1)}`)
    const image = tags['og:image'] ?? ''
    expect(image.startsWith(published)).toBe(true)
    expect(fileAt(folder, image.slice(published.length)), image).toBeDefined()
    expect(tags['twitter:card']).toBe('summary_large_image')
  })
})

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

describe('links', () => {
  const files = globSync('**/*.html', { cwd: folder }).sort()
  const ids = new Map<string, Set<string>>()

  beforeAll(() => {
    for (const file of files) {
      const html = readFileSync(join(folder, file), 'utf8')
      const found = [...html.matchAll(/\sid="([^"]+)"/g)]
      ids.set(join(folder, file), new Set(found.map(([, id = '']) => id)))
    }
  })

  test('lead to pages, files and headings that are there', () => {
    expect(files.length).toBeGreaterThan(pages.length)
    const dead = files.flatMap((file) => {
      const html = readFileSync(join(folder, file), 'utf8')
      const targets = [
        ...html.matchAll(/<(?:a|img|link)\b[^>]*?\s(?:href|src)="([^"]+)"/g),
      ]
      return [...new Set(targets.map(([, target = '']) => target))].flatMap(
        (target) => {
          const why = problemOf(target.replaceAll('&amp;', '&'), file)
          return why ? [`${file}: ${target}: ${why}`] : []
        },
      )
    })
    expectNone(dead)
  })

  function problemOf(target: string, file: string): string | undefined {
    const origin = new URL(url)
    const from = new URL(
      `${base}${file.replace(/(index)?\.html$/, '')}`,
      origin,
    )
    const { host, pathname, hash, protocol } = new URL(target, from)
    if (protocol === 'mailto:' || host !== origin.host) return undefined
    if (!pathname.startsWith(base)) return `is not below ${base}`
    const found = fileAt(folder, pathname.slice(base.length))
    if (!found) return 'is not there'
    const id = decodeURIComponent(hash.slice(1))
    if (!id || ids.get(found)?.has(id)) return undefined
    return `there is no ${hash}`
  }
})

test('what is not there answers 404', async () => {
  const response = await fetch(new URL('steps/99-nothing', url))
  expect(response.status).toBe(404)
  expect(await response.text()).toContain('<div id="app">')
})
