import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { readPages } from '../../commands/docs/pages.ts'
import { desktop, openBrowser, urlOf } from './browser.ts'
import { fileAt } from './server.ts'

let browser: Browser

beforeAll(async () => {
  browser = await openBrowser()
})
afterAll(() => browser?.close())

const { url, folder } = inject('site')

/** JavaScript that a first visit fetches: file, content, size on the wire. */
async function scriptsOf(link: string, diagramsStay = false) {
  const context = await browser.newContext(desktop)
  const page = await context.newPage()
  const asked = new Set<string>()
  page.on('request', (request) => {
    const { pathname, href } = new URL(request.url())
    if (pathname.endsWith('.js')) asked.add(href)
  })
  if (diagramsStay) {
    // As on a screen that has not been scrolled to them.
    await page.addInitScript(`
      window.IntersectionObserver = class extends IntersectionObserver {
        observe(element) {
          if (!element.matches('.diagram')) super.observe(element)
        }
      }
    `)
  }
  await page.goto(urlOf(link), { waitUntil: 'networkidle' })
  // When all is done, pages that links in sight lead to are fetched ahead.
  const ahead = page.locator('link[rel=prefetch]')
  for (const href of await ahead.evaluateAll((links) =>
    links.map(({ href }) => href),
  )) {
    asked.delete(href)
  }
  await context.close()
  return [...asked].map((href) => {
    const path = href.slice(url.length)
    const code = readFileSync(fileAt(folder, path) ?? '', 'utf8')
    return { path, code, size: gzipSync(code).length }
  })
}

const budget = 150_000

function expectLight(scripts: { path: string; size: number }[]) {
  const all = scripts.reduce((sum, { size }) => sum + size, 0)
  const list = scripts.map(({ path, size }) => `${size} ${path}`).join('\n')
  expect(scripts.length).toBeGreaterThan(0)
  expect(all, `bytes, of which:\n${list}`).toBeLessThan(budget)
}

describe(`JavaScript of a first visit is below ${budget / 1000} kB`, () => {
  test('home', async () => {
    expectLight(await scriptsOf('/'))
  })

  test('a step, before its diagrams are drawn', async () => {
    expectLight(await scriptsOf('/steps/09-container-runtime', true))
  })
})

// Names that diagrams are drawn with, and nothing else has.
const draws = ({ code }: { code: string }) => /accTitle|flowchart-v2/.test(code)

test('only pages with a diagram fetch what draws it', async () => {
  const plain = readPages().find(
    ({ path, text }) =>
      path.startsWith('reference/') && !text.includes('<Diagram '),
  )
  const paths = ['/', `/${plain?.path.replace(/(index)?\.md$/, '')}`]
  for (const path of paths) {
    const drawing = (await scriptsOf(path)).filter(draws)
    expect(
      drawing.map(({ path }) => path),
      path,
    ).toEqual([])
  }
  expect((await scriptsOf('/cluster/trust')).some(draws)).toBe(true)
})
