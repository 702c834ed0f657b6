import { readFileSync } from 'node:fs'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { diagrams } from '../../diagrams/index.ts'
import { roomIn } from '../../docs/.vitepress/theme/range-calculator.ts'
import { desktop, openBrowser, urlOf, visit, watch } from './browser.ts'

let browser: Browser
let page: Page

beforeAll(async () => {
  browser = await openBrowser()
})
afterAll(() => browser?.close())

beforeEach(async () => {
  const context = await browser.newContext(desktop)
  page = await context.newPage()
  return () => context.close()
})

describe('a diagram', () => {
  const { trust } = diagrams
  if (!trust) throw new Error('diagrams/index.ts has no diagram "trust"')

  test('is drawn, and says what it shows to who cannot see it', async () => {
    await visit(page, '/cluster/trust')
    const svg = page.locator('[data-diagram=trust] svg[id^=diagram-]')
    await svg.waitFor()
    const read = (attribute: string) => svg.getAttribute(attribute)
    const titleId = await read('aria-labelledby')
    const textId = await read('aria-describedby')
    const text = (id: string | null) => page.locator(`[id="${id}"]`)
    expect(await text(titleId).textContent()).toBe(trust.title)
    expect(await text(textId).textContent()).toContain(
      trust.description.slice(0, 30),
    )
    expect((await svg.boundingBox())?.height).toBeGreaterThan(100)
  })

  test('is drawn anew in dark colors', async () => {
    await visit(page, '/cluster/trust')
    const svg = page.locator('[data-diagram=trust] svg[id^=diagram-]')
    const light = await svg.getAttribute('id')
    const style = await svg.locator('style').first().textContent()
    await page.locator('.VPSwitchAppearance').first().click()
    await page.locator('html.dark').waitFor()
    await page
      .locator(`[data-diagram=trust] svg[id^=diagram-]:not([id="${light}"])`)
      .waitFor()
    const ink = (css: string | null) => /fill:(#[0-9a-f]+)/.exec(css ?? '')?.[1]
    const dark = await svg.locator('style').first().textContent()
    expect(ink(dark)).toBeDefined()
    expect(ink(dark)).not.toBe(ink(style))
  })

  test('is there in words without JavaScript', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false })
    const plain = await context.newPage()
    await plain.goto(urlOf('/cluster/trust'))
    const figure = plain.locator('[data-diagram=trust]')
    await figure.locator('summary').click()
    const items = await figure.locator('li').allInnerTexts()
    expect(items).toEqual(trust.text)
    expect(await figure.innerText()).toContain(trust.description)
    await context.close()
  })
})

describe('the node spec', () => {
  const checks = () => page.locator('.node-spec-check')
  const count = (done: number) =>
    page.getByText(new RegExp(`^${done} of \\d+ done`)).waitFor()

  beforeEach(async () => {
    await visit(page, '/node-spec')
    await count(0)
  })

  test('keeps a tick, until it is taken back', async () => {
    const box = checks().locator('input[type=checkbox]').nth(2)
    await box.check()
    await page.reload()
    await count(1)
    expect(await box.isChecked()).toBe(true)
    expect(await checks().locator(':checked').count()).toBe(1)
    expect(await page.locator('.node-spec-check.ticked').count()).toBe(1)
    await page.getByRole('button', { name: 'Clear all' }).click()
    await page.reload()
    await count(0)
    expect(await box.isChecked()).toBe(false)
  })

  test.each([
    { late: 'NodeSpecFilter', other: '.node-spec-check.ticked' },
    {
      late: 'NodeSpecCheck',
      other: '.node-spec-filter [value=worker]:checked',
    },
  ])('is as it was kept when $late comes last', async ({ late, other }) => {
    await checks().locator('input[type=checkbox]').first().check()
    await page.getByRole('radio', { name: 'a worker' }).check()
    const problems = watch(page)
    let held = 0
    await page.route(`**/${late}*.js`, async (route) => {
      held += 1
      await page.locator(other).waitFor()
      await route.continue()
    })
    await page.reload({ waitUntil: 'commit' })
    await count(1)
    expect(
      await page.getByRole('radio', { name: 'a worker' }).isChecked(),
    ).toBe(true)
    await expect.poll(() => checks().locator(':checked').count()).toBe(1)
    expect(held).toBe(1)
    expect(problems).toEqual([])
  })

  test('shows what is asked of one role, and keeps that', async () => {
    const all = await checks().count()
    const shown = () => page.locator('.node-spec-check:visible').count()
    expect(await shown()).toBe(all)
    await page.getByRole('radio', { name: 'a worker' }).check()
    await expect.poll(shown).toBeLessThan(all)
    const workers = await shown()
    expect(workers).toBeGreaterThan(all / 2)
    await page.reload()
    await count(0)
    expect(
      await page.getByRole('radio', { name: 'a worker' }).isChecked(),
    ).toBe(true)
    await expect.poll(shown).toBe(workers)
  })
})

describe('the range calculator', () => {
  const { networks } = parse(readFileSync('cluster.yaml', 'utf8'))
  const { machines, services } = networks

  const fact = (name: string) =>
    page
      .locator('.range-calculator .facts div')
      .filter({ has: page.getByText(name, { exact: true }) })
      .locator('dd')
      .innerText()

  beforeEach(async () => {
    await visit(page, '/decisions/networking')
    await page.locator('.range-calculator input').first().waitFor()
  })

  test('answers what is typed', async () => {
    const typed = { machines, services, pods: '10.64.0.0/18' }
    const room = roomIn({ ...typed, podsPerMachine: '25' })
    await page.getByLabel('Pod range').fill(typed.pods)
    await page.getByLabel('Pods per machine').fill('25')
    expect(await fact('Parts in the pod range')).toBe(`${room?.podParts}`)
    expect(await fact('Last part')).toBe(room?.lastPart)
    await page.getByText('cluster.yaml accepts them').waitFor()
  })

  test('says in words what is wrong', async () => {
    const pods = page.getByLabel('Pod range')
    await pods.fill('10.64.0.0')
    await page.getByText('found 10.64.0.0, allowed: an IPv4 range').waitFor()
    expect(await pods.getAttribute('aria-invalid')).toBe('true')
    await pods.fill(services)
    await page.getByText(/cluster.yaml refuses these ranges: /).waitFor()
    const said = await page.locator('.range-calculator .mistakes').innerText()
    expect(said).toMatch(/share|overlap|apart/)
  })
})

test('a page that does not exist says so, and shows ways on', async () => {
  await page.goto(urlOf('/steps/99-nothing'))
  await page.getByRole('heading', { name: 'There is no page here' }).waitFor()
  const ways = await page.locator('.not-found a').all()
  expect(ways.length).toBeGreaterThan(0)
  for (const way of ways) {
    const target = new URL((await way.getAttribute('href')) ?? '', page.url())
    expect((await fetch(target)).status, target.href).toBe(200)
  }
})
