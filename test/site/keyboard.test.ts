import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  desktop,
  drawDiagrams,
  openBrowser,
  phone,
  urlOf,
  visit,
} from './browser.ts'

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

describe.each([
  { name: 'desktop', screen: desktop },
  { name: 'phone', screen: phone },
])('Tab on a $name', ({ screen }) => {
  beforeEach(async () => {
    const context = await browser.newContext(screen)
    page = await context.newPage()
    return () => context.close()
  })

  test.each([
    {
      link: step,
      wanted: ['BUTTON.copy', 'SUMMARY', 'PRE', 'DIV.diagram-box'],
    },
    { link: '/node-spec', wanted: ['INPUT', 'TABLE'] },
    { link: '/decisions/networking', wanted: ['INPUT', 'DIV.diagram-box'] },
  ])('goes through all of $link and out of it', async ({ link, wanted }) => {
    await visit(page, link)
    await drawDiagrams(page)
    await page.evaluate('scrollTo(0, 0)')
    const { seen, missed } = await tabThrough(
      '.vp-doc, .VPSidebar, .VPNav, .VPLocalNav, .VPDocFooter',
    )
    expect(missed).toEqual([])
    for (const kind of wanted) {
      const found = seen.some((what) => what.startsWith(kind))
      expect(found, `no ${kind} in:\n${seen.join('\n')}`).toBe(true)
    }
  })

  test('goes through what the search found, and stays in it', async () => {
    await visit(page, step)
    await page.keyboard.press('/')
    await page.locator('#localsearch-input').fill('etcd')
    await page.locator('.VPLocalSearchBox .result').first().waitFor()
    const { seen, missed } = await tabThrough('.VPLocalSearchBox')
    expect(missed).toEqual([])
    const inside = await page.locator('.VPLocalSearchBox :focus').count()
    expect(inside, `Tab left for ${await focused()}:\n${seen}`).toBe(1)
    await page.locator('#localsearch-input').focus()
    await page.keyboard.press('ArrowDown')
    const chosen = page.locator('.VPLocalSearchBox .result.selected')
    const href = (await chosen.getAttribute('href')) ?? ''
    await page.keyboard.press('Enter')
    await page.waitForURL(new URL(href, page.url()).href)
  })
})

test('the menu of a phone is opened, gone through and closed', async () => {
  await page.setViewportSize(phone.viewport ?? { width: 390, height: 844 })
  await visit(page, step)
  await page.locator('.VPLocalNav button.menu').focus()
  await page.keyboard.press('Enter')
  await page.locator('.VPSidebar.open').waitFor()
  await page.keyboard.press('Tab')
  const inside = await page.locator('.VPSidebar :focus').count()
  expect(inside, `Tab went to ${await focused()}`).toBe(1)
  await page.keyboard.press('Escape')
  await page.locator('.VPSidebar.open').waitFor({ state: 'detached' })
})

/**
 * Presses Tab until it is where it began, or out of the page: what had the
 * keyboard, and what of some parts of the page never had it.
 */
async function tabThrough(parts: string) {
  const stops = 'a[href], button, summary, input, [tabindex="0"]'
  const count = await page.locator(stops).count()
  const seen: string[] = []
  await page.evaluate(`
    window.seen = new Set()
    document.addEventListener('focusin', ({ target }) => seen.add(target))
  `)
  for (let times = 0; times <= count; times++) {
    const before = await page.evaluate<number>('seen.size')
    await page.keyboard.press('Tab')
    seen.push(await focused())
    if ((await page.evaluate<number>('seen.size')) === before) break
  }
  const missed = await page.evaluate<string[]>(`
    [...document.querySelectorAll('${parts}')]
      .flatMap((part) => [...part.querySelectorAll('${stops}')])
      .filter((element) => element.checkVisibility({ visibilityProperty: true })
        && element.tabIndex >= 0 && !element.disabled && !seen.has(element)
        // Of those of one name, Tab reaches one, and arrows the others.
        && ![...seen].some(({ type, name }) =>
          type === 'radio' && name === element.name))
      .map(({ outerHTML }) => outerHTML.slice(0, 120))
  `)
  return { seen, missed }
}

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

test('arrow keys stay on the page while they scroll a diagram', async () => {
  await visit(page, '/steps/08-api-balancer')
  await drawDiagrams(page)
  const box = page.locator('.diagram-box').first()
  // As on a screen that is narrower than the drawing.
  await box.evaluate((it) => it.setAttribute('style', 'width: 120px'))
  await box.focus()
  await page.keyboard.press('ArrowRight')
  await expect
    .poll(() => box.evaluate((it) => it.scrollLeft))
    .toBeGreaterThan(0)
  await page.keyboard.press('ArrowLeft')
  await expect.poll(() => box.evaluate((it) => it.scrollLeft)).toBe(0)
  expect(page.url()).toBe(urlOf('/steps/08-api-balancer'))
})

test('Escape takes a type away that covers what is to be read', async () => {
  await visit(page, step)
  await page.locator('.vp-doc details.custom-block summary').last().click()
  await page.locator('.type-hover').first().hover()
  await page.locator('.type-note').waitFor()
  await page.keyboard.press('Escape')
  await page.locator('.type-note').waitFor({ state: 'detached' })
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
