import { readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { execa } from 'execa'
import { afterEach, describe, expect, inject, test, vi } from 'vitest'
import { partsOf, readPages } from '../../commands/docs/pages.ts'
import { pagesByPart } from '../../docs/.vitepress/pages.ts'
import { bytes, duration, recordingOf } from '../../docs/.vitepress/recorded.ts'
import { docs, root } from '../../docs/.vitepress/site.ts'
import { stepOf } from '../../docs/.vitepress/steps.ts'
import { repository } from './build.ts'
import { fileAt } from './server.ts'

// What stands around the text of a page, and would be missed by nobody else.

const { folder } = inject('site')
const pages = pagesByPart().flatMap(({ pages }) => pages)
const generated = 'reference/api/addresses/'

/** A built page, by its link or its file below docs/. */
function html(page: string): string {
  const link = page.replace(/(^|\/)index\.md$/, '$1').replace(/\.md$/, '')
  const file = fileAt(folder, link.replace(/^\//, ''))
  if (!file) throw new Error(`the build wrote no ${page}`)
  return readFileSync(file, 'utf8')
}

describe('at the end of a page', () => {
  test('a link leads to where it is edited', () => {
    const wanted = ({ file }: { file: string }) =>
      `href="${repository}/edit/main/docs/${file}"`
    const without = pages.filter((page) => {
      return !isPutTogether(page) && !html(page.file).includes(wanted(page))
    })
    expect(without.map(({ file }) => file)).toEqual([])
  })

  test('stands when it was last changed', async () => {
    const history = ['log', '--format=%at', '--name-only', '--', 'docs']
    const { stdout } = await execa('git', history, { cwd: root })
    const changes = new Map<string, number[]>()
    let when = 0
    for (const line of stdout.split('\n')) {
      if (/^\d+$/.test(line)) when = Number(line) * 1000
      else changes.set(line, [...(changes.get(line) ?? []), when])
    }
    const committed = pages.filter(({ file }) => changes.has(`docs/${file}`))
    expect(committed.length).toBeGreaterThan(0)
    for (const { file } of committed) {
      const updated = /Last updated: <time datetime="([^"]+)"/.exec(html(file))
      const time = Date.parse(updated?.[1] ?? '')
      expect(changes.get(`docs/${file}`), file).toContain(time)
    }
  })

  test('that is made from comments, neither of them stands', () => {
    expect(html(generated)).not.toMatch(/edit-link-button|Last updated/)
  })
})

/** Whether there is no text of its own on a page that could be edited. */
function isPutTogether({ file }: { file: string }): boolean {
  return /^editLink: false$/m.test(readFileSync(join(docs, file), 'utf8'))
}

/** What a page quotes, in order: the file, and the name of the region. */
function quotesOf(page: { text: string }) {
  return partsOf(page).quotes.map(({ file, region }) => {
    const path = relative(root, resolve(docs, file.replace(/^@\//, '')))
    return { path, region }
  })
}

const quoting = readPages().filter((page) => quotesOf(page).length > 0)

describe('above quoted code', () => {
  test.each(quoting)('of $path stands its file, and a way to it', (page) => {
    const quotes = quotesOf(page)
    const heads = [
      ...html(page.path).matchAll(
        /<span class="code-path">([^<]+)<\/span><a class="code-source" href="([^"]+)"/g,
      ),
    ]
    expect(heads.map(([, path]) => path)).toEqual(
      quotes.map(({ path }) => path),
    )
    for (const [index, { path, region }] of quotes.entries()) {
      const source = new URL(heads[index]?.[2] ?? '')
      expect(source.href.replace(/#.*/, '')).toBe(
        `${repository}/blob/main/${path}`,
      )
      if (!region) expect(source.hash).toBe('')
      else expect(marksAround(path, source.hash)).toEqual(marksOf(region))
    }
  })
})

/** What a region begins and ends with. */
function marksOf(region: string): string[] {
  return [`#region ${region}`, `#endregion ${region}`]
}

/** The lines of a file that come before and after those of a link. */
function marksAround(path: string, hash: string): string[] {
  const [, first, last] = /^#L(\d+)-L(\d+)$/.exec(hash) ?? []
  const lines = readFileSync(join(root, path), 'utf8').split('\n')
  return [lines[Number(first) - 2], lines[Number(last)]].map((line) => {
    return line?.replace(/^\s*(\/\/|#) (?=#)/, '') ?? ''
  })
}

describe('where nobody knows the repository', () => {
  afterEach(() => {
    vi.unstubAllEnvs()
    vi.resetModules()
  })

  test('"view source" leads to a file of the site, which is there', async () => {
    vi.stubEnv('GITHUB_REPOSITORY', undefined)
    vi.stubEnv('DOCS_BASE', '/guide/')
    vi.resetModules()
    const site = await import('../../docs/.vitepress/site.ts')
    const paths = new Set(quoting.flatMap(quotesOf).map(({ path }) => path))
    expect(paths.size).toBeGreaterThan(0)
    for (const path of paths) {
      const link = site.sourceLink(path, [3, 5])
      expect(link).toMatch(/^\/guide\/source\//)
      const copy = fileAt(folder, link.slice('/guide/'.length))
      expect(copy && readFileSync(copy, 'utf8'), link).toBe(
        readFileSync(join(root, path), 'utf8'),
      )
    }
  })
})

describe('the facts of a step', () => {
  const ofSteps = readPages().flatMap(({ path, step }) =>
    step ? [{ path, step }] : [],
  )

  test.each(ofSteps)('stand on $path', ({ path, step }) => {
    const facts = [
      ...(/<dl class="step-facts">(.*?)<\/dl>/s
        .exec(html(path))?.[1]
        ?.matchAll(/<dt>(.*?)<\/dt><dd>(.*?)<\/dd>/g) ?? []),
    ].map(([, name = '', value = '']) => [name, plain(value)] as const)
    const { runsOn, leaves, needs } = stepOf(step)
    const known = Object.fromEntries(facts)
    expect(known['Runs on']).toBe(runsOn)
    expect(known.Leaves).toBe(leaves)
    const needed = needs.map((number) =>
      /^\d\d$/.test(number) ? `${number} ${stepOf(number).name}` : number,
    )
    expect(known.Needs).toBe(needed.join(', '))

    const recording = recordingOf(step)
    if (!recording) throw new Error(`step ${step} is not recorded`)
    const { milliseconds, memoryBytes, diskBytes, recordedAt } = recording
    const measured = [
      duration(milliseconds),
      bytes(memoryBytes),
      bytes(diskBytes),
    ]
    expect(facts.slice(3).map(([, value]) => value)).toEqual(measured)
    expect(html(path)).toContain(`<time datetime="${recordedAt}">`)
  })
})

/** The text of a piece of HTML. */
function plain(html: string): string {
  return html
    .replaceAll(/<[^>]+>/g, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
}
