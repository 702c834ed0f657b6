import {
  type Browser,
  type BrowserContextOptions,
  chromium,
  type Page,
} from 'playwright-core'
import { inject } from 'vitest'
import { executablePath } from './requirements.ts'

export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

export const desktop: BrowserContextOptions = {
  viewport: { width: 1280, height: 800 },
  colorScheme: 'light',
}

export const phone: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  colorScheme: 'dark',
}

/** A page of the site, such as `steps/05-etcd`, in the built site. */
export function urlOf(link: string): string {
  return new URL(link.replace(/^\//, ''), inject('site').url).href
}

/** Goes to a page, and waits until its program runs. */
export async function visit(page: Page, link: string): Promise<void> {
  const response = await page.goto(urlOf(link))
  if (response?.status() !== 200) {
    throw new Error(`${link} answers ${response?.status()}`)
  }
  await page.waitForFunction(`document.querySelector('#app')?.__vue_app__`)
}

/** Scrolls to every diagram of a page, and waits until it is drawn. */
export async function drawDiagrams(page: Page): Promise<void> {
  for (const box of await page.locator('.diagram').all()) {
    await box.evaluate((figure) => figure.scrollIntoView())
    await box.locator('svg, .diagram-problem').first().waitFor()
  }
}

/**
 * Notes what a reader would not see: errors in the console, failed requests,
 * and requests to anywhere else.
 */
export function watch(page: Page): string[] {
  const problems: string[] = []
  const { origin } = new URL(inject('site').url)
  page.on('console', (message) => {
    if (message.type() !== 'error') return
    problems.push(`console: ${message.text()} (${message.location().url})`)
  })
  page.on('pageerror', ({ message }) => problems.push(`thrown: ${message}`))
  page.on('request', (request) => {
    const url = new URL(request.url())
    if (/^(data|blob):$/.test(url.protocol) || url.origin === origin) return
    problems.push(`asks another host: ${url}`)
  })
  page.on('requestfailed', (request) => {
    const why = request.failure()?.errorText
    // The reader went on before it had come.
    if (why === 'net::ERR_ABORTED') return
    problems.push(`${request.url()}: ${why}`)
  })
  page.on('response', (response) => {
    if (response.status() < 400) return
    problems.push(`${response.url()} answers ${response.status()}`)
  })
  return problems
}
