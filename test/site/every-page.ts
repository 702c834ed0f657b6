import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { pagesByPart } from '../../docs/.vitepress/pages.ts'
import { expectNone } from '../docs/at.ts'
import { drawDiagrams, openBrowser, visit, watch } from './browser.ts'

const axe = readFileSync(
  createRequire(import.meta.url).resolve('axe-core/axe.min.js'),
  'utf8',
)

/** Paths of all pages, the home page, and one of those made from comments. */
export const links = [
  '/',
  ...pagesByPart().flatMap(({ pages }) => pages.map(({ link }) => link)),
  '/reference/api/addresses/',
]

/**
 * Looks at every page on one kind of screen, a test for each: at all of it in
 * the colors of the screen, then at what colors can break in the others.
 */
export function lookAtEveryPage(screen: BrowserContextOptions): void {
  const { viewport, colorScheme } = screen
  const others = colorScheme === 'dark' ? 'light' : 'dark'
  describe(`${viewport?.width} px, ${colorScheme} then ${others}`, () => {
    let browser: Browser
    let page: Page
    let problems: string[]

    beforeAll(async () => {
      browser = await openBrowser()
      // Colors on their way from one theme to the other are of neither.
      page = await browser.newPage({ ...screen, reducedMotion: 'reduce' })
      problems = watch(page)
    })
    afterAll(() => browser?.close())

    test.each(links)('%s', { timeout: 180_000 }, async (link) => {
      problems.length = 0
      await page.emulateMedia({ colorScheme })
      await visit(page, link)
      await unfold(page)
      await drawDiagrams(page)
      const found = [
        ...(await wrongHeadings(page)),
        ...(await brokenImages(page)),
        ...(await tooWide(page)),
        ...(await violations(page)),
        ...(await violationsIn(page, others)),
        ...problems,
      ]
      expectNone(found.map((what) => `${link}: ${what}`))
    })
  })
}

async function wrongHeadings(page: Page): Promise<string[]> {
  const headings = await page.locator('h1').allTextContents()
  if (headings.length === 1) return []
  return [`has ${headings.length} h1, wanted one: ${headings.join(' | ')}`]
}

/** Pictures that did not come, and diagrams that were not drawn. */
async function brokenImages(page: Page): Promise<string[]> {
  const problems = await page.locator('.diagram-problem').allTextContents()
  const sources = await page.evaluate<string[]>(`
    Promise.all([...document.images].map(async (image) => {
      // One that is fetched when it is scrolled to is fetched now.
      image.loading = 'eager'
      return image.decode().then(() => '', () => image.src)
    }))
  `)
  const broken = sources.filter(Boolean)
  return [...problems, ...broken.map((source) => `no image: ${source}`)]
}

/** What sticks out of the page at its right, outside of boxes that scroll. */
async function tooWide(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`(() => {
    const { scrollWidth, clientWidth } = document.documentElement
    if (scrollWidth <= clientWidth) return []
    const inScrolled = (element) => {
      for (let at = element.parentElement; at; at = at.parentElement) {
        if (at === document.body) return false
        if (getComputedStyle(at).overflowX !== 'visible') return true
      }
    }
    const out = [...document.body.querySelectorAll('*')].filter((element) => {
      const { right } = element.getBoundingClientRect()
      return right > clientWidth + 1 && !inScrolled(element)
    })
    const named = out.slice(-3).map((element) =>
      element.outerHTML.slice(0, 160).replaceAll(/\\s+/g, ' '))
    return ['is ' + scrollWidth + ' px wide on a screen of ' + clientWidth +
      ': ' + named.join(' ; ')]
  })()`)
}

/** Opens what is folded: axe passes over what is not shown. */
async function unfold(page: Page): Promise<void> {
  await page.locator('.vp-doc details').evaluateAll((all) => {
    for (const details of all) details.setAttribute('open', '')
  })
}

/** What axe finds of colors, in others than those that the page came in. */
async function violationsIn(
  page: Page,
  colorScheme: 'light' | 'dark',
): Promise<string[]> {
  const dark = colorScheme === 'dark'
  const drawings = page.locator('.diagram svg[id^=diagram-]')
  const before = await drawings.evaluateAll((all) => all.map(({ id }) => id))
  await page.emulateMedia({ colorScheme })
  await page.waitForFunction(
    `document.documentElement.classList.contains('dark') === ${dark} &&
      !${JSON.stringify(before)}.some((id) => document.getElementById(id))`,
  )
  const found = await violations(page, ['color-contrast', 'link-in-text-block'])
  return found.map((what) => `${colorScheme}: ${what}`)
}

/** What axe finds: rule, element, and why; of all its rules, or of some. */
async function violations(page: Page, rules?: string[]): Promise<string[]> {
  await page.evaluate(axe)
  const options = { resultTypes: ['violations'], runOnly: rules }
  return page.evaluate<string[]>(`
    axe.run(${JSON.stringify(options)}).then(({ violations }) =>
      violations.flatMap(({ id, nodes }) => nodes.slice(0, 5).map((node) => {
        const why = [...node.any, ...node.all, ...node.none][0]?.message
        return 'axe ' + id + ' (' + nodes.length + '): ' +
          node.target.join(' ') + ': ' + (why ?? node.html)
      })))
  `)
}
