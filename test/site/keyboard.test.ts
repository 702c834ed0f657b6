import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { desktop, openBrowser, urlOf, visit } from './browser.ts'

let browser: Browser
let page: Page

beforeAll(async () => {
  browser = await openBrowser()
})
afterAll(() => browser?.close())

beforeEach(async () => {
  const context = await browser.newContext({
    ...desktop,
    permissions: ['clipboard-read', 'clipboard-write'],
  })
  page = await context.newPage()
  return () => context.close()
})

const step = '/steps/09-container-runtime'

// What has the keyboard, as a line that a failure can show.
const focused = () =>
  page.evaluate<string>(`(() => {
    const { tagName, className, textContent } = document.activeElement
    const text = textContent.trim().replaceAll(/\\s+/g, ' ').slice(0, 40)
    return tagName === 'BODY' ? '' : tagName + '.' + className + ' ' + text
  })()`)

test('the first Tab reaches a link that skips to the content', async () => {
  await visit(page, step)
  await page.keyboard.press('Tab')
  const skip = page.locator(':focus')
  expect(await skip.textContent()).toContain('Skip to content')
  const box = await skip.boundingBox()
  expect(box?.width, 'the link is seen while it has the focus').toBeGreaterThan(
    40,
  )
  await page.keyboard.press('Enter')
  await page.keyboard.press('Tab')
  const inside = await page.locator('#VPContent :focus').count()
  expect(inside, `Tab then went to ${await focused()}`).toBe(1)
})

test('Tab goes through the whole page and out of it', async () => {
  await visit(page, step)
  const count = await page
    .locator('a[href], button, input, summary, [tabindex="0"]')
    .count()
  const seen: string[] = []
  await page.evaluate(`
    window.seen = new Set()
    document.addEventListener('focusin', ({ target }) => seen.add(target))
  `)
  for (let times = 0; times <= count; times++) {
    await page.keyboard.press('Tab')
    const now = await focused()
    if (times > 0 && (now === '' || now.includes('VPSkipLink'))) break
    seen.push(now)
  }
  const last = seen.slice(-3).join('\n')
  expect(seen.length, `it does not end:\n${last}`).toBeLessThanOrEqual(count)
  const missed = await page.evaluate<string[]>(`
    [...document.querySelectorAll('.vp-doc, .VPSidebar, .VPNav, .VPDocFooter')]
      .flatMap((part) =>
        [...part.querySelectorAll('a[href], button, summary, input')])
      .filter((element) => element.checkVisibility({ visibilityProperty: true })
        && element.tabIndex >= 0 && !element.disabled && !seen.has(element))
      .map(({ outerHTML }) => outerHTML.slice(0, 120))
  `)
  expect(missed).toEqual([])
  expect(seen.some((what) => what.startsWith('BUTTON.copy'))).toBe(true)
  expect(seen.some((what) => what.startsWith('SUMMARY'))).toBe(true)
})

test('a copy button copies the code that it is on', async () => {
  await visit(page, step)
  const block = page.locator('.quoted div[class*=language-]').first()
  await block.locator('button.copy').focus()
  await page.keyboard.press('Enter')
  await block.locator('button.copied').waitFor()
  const copied = await page.evaluate<string>('navigator.clipboard.readText()')
  expect(copied.length).toBeGreaterThan(20)
  expect(copied.trim()).toBe((await block.locator('code').innerText()).trim())
})

test('a folded file is opened by the keyboard', async () => {
  await visit(page, step)
  const details = page.locator('.vp-doc details.custom-block').last()
  expect(await details.getAttribute('open')).toBeNull()
  await details.locator('summary').focus()
  await page.keyboard.press('Enter')
  await details.locator('pre').first().waitFor({ state: 'visible' })
})

test.each(['/', 'Control+k'])('%s opens the search', async (key) => {
  await visit(page, step)
  await page.keyboard.press(key)
  await page.locator('#localsearch-input:focus').waitFor()
  await page.keyboard.press('Escape')
  await page.locator('#localsearch-input').waitFor({ state: 'detached' })
  await page.keyboard.press('Tab')
  expect(await focused()).not.toBe('')
})

test('arrow keys turn the pages of the steps', async () => {
  await visit(page, '/steps/08-api-balancer')
  await page.keyboard.press('ArrowRight')
  await page.waitForURL(urlOf('/steps/09-container-runtime'))
  await page.locator('.pager-link.prev[href$="08-api-balancer"]').waitFor()
  await page.keyboard.press('ArrowLeft')
  await page.waitForURL(urlOf('/steps/08-api-balancer'))
})

test('arrow keys stay on the page while they move a cursor', async () => {
  await visit(page, '/steps/08-api-balancer')
  await page.keyboard.press('/')
  await page.locator('#localsearch-input').fill('etcd')
  await page.keyboard.press('ArrowLeft')
  await page.keyboard.press('ArrowRight')
  await page.locator('.VPLocalSearchBox .result').first().waitFor()
  expect(page.url()).toBe(urlOf('/steps/08-api-balancer'))
})
