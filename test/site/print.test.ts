import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { partsOf, type Quote, readPages } from '../../commands/docs/pages.ts'
import { docs } from '../../docs/.vitepress/site.ts'
import { expectNone } from '../docs/at.ts'
import { desktop, drawDiagrams, openBrowser, visit } from './browser.ts'

let browser: Browser
let page: Page
let printed: string

const stepPages = readPages().filter(({ step }) => step)
const squeezed = (text: string) => text.replaceAll(/\s+/g, ' ').trim()

beforeAll(async () => {
  browser = await openBrowser()
  page = await browser.newPage(desktop)
  await visit(page, '/steps/all')
  await drawDiagrams(page)
  await page.emulateMedia({ media: 'print' })
  // innerText leaves out what is not shown, so paper would not have it.
  printed = squeezed(await page.locator('.vp-doc').innerText())
}, 240_000)
afterAll(() => browser?.close())

test.each(stepPages)('$path is whole on the page to print', (step) => {
  const { quotes } = partsOf(step)
  const title = /^# (.+)$/m.exec(step.text)?.[1]?.replaceAll('`', '')
  const regions = quotes.filter(({ region }) => region)
  expect(regions.length).toBeGreaterThan(0)
  const wanted = [title ?? step.path, ...regions.map(firstLine)]
  const missing = wanted.filter((line) => !printed.includes(squeezed(line)))
  expectNone(missing.map((line) => `docs/${step.path}: not printed: ${line}`))
})

/** The first line of code of a region. */
function firstLine({ file, region }: Quote): string {
  const lines = readFileSync(
    resolve(docs, file.replace(/^@\//, '')),
    'utf8',
  ).split('\n')
  const start = lines.findIndex((line) => line.endsWith(`#region ${region}`))
  return lines.slice(start + 1).find((line) => line.trim()) ?? ''
}

test('what can only be clicked is not printed', async () => {
  const clicked = ['.VPNav', '.VPSidebar', '.VPDocFooter', 'button.copy']
  for (const selector of clicked) {
    const shown = await page.locator(`${selector}:visible`).count()
    expect(shown, selector).toBe(0)
  }
})

test('it can be made a PDF', async () => {
  const pdf = (await page.pdf({ format: 'A4' })).toString('latin1')
  const sheets = pdf.match(/\/Type\s*\/Page\b/g)?.length
  expect(sheets).toBeGreaterThan(stepPages.length)
})

test('what is folded on a page is printed', async () => {
  const link = `/${stepPages[0]?.path.replace(/\.md$/, '')}`
  const other = await browser.newPage(desktop)
  await visit(other, link)
  const folded = other.locator('.vp-doc details.custom-block pre').last()
  expect(await folded.isVisible()).toBe(false)
  await other.emulateMedia({ media: 'print' })
  await other.evaluate(`dispatchEvent(new Event('beforeprint'))`)
  expect(await folded.isVisible()).toBe(true)
  await other.close()
})
