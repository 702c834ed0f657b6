import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { desktop, openBrowser, visit } from './browser.ts'

let browser: Browser
let page: Page

beforeAll(async () => {
  browser = await openBrowser()
  page = await browser.newPage(desktop)
  await visit(page, '/')
  await page.keyboard.press('/')
})
afterAll(() => browser?.close())

// What a reader types, and the pages that answer it.
const queries: [string, RegExp][] = [
  ['--service-cluster-ip-range', /^(reference\/flags|steps\/0[67]-)/],
  ['etcd quorum', /^(cluster|decisions)\/etcd/],
  ['NetworkPolicy', /^(cluster\/packets|decisions\/cni-and-kube-proxy)/],
  ['cni plugin not initialized', /^troubleshooting#/],
  ['/etc/kubernetes/kubelet', /^(reference\/files|steps\/10-kubelet)/],
  ['encryption at rest', /^decisions\/encryption-at-rest/],
  ['bootstrap token', /^(cluster\/tls-bootstrap|steps\/10-kubelet)/],
  ['certificate signed by unknown authority', /^troubleshooting#/],
  ['kubeadm', /^(decisions\/which-tool|steps\/\d\d-.*kubeadm)/],
  ['upgrade', /^(decisions\/upgrading|cluster\/upgrade-order)/],
]

test.each(queries)('"%s"', async (query, wanted) => {
  const input = page.locator('#localsearch-input')
  await input.waitFor()
  // The list of the query before goes first, so that it is not taken for ours.
  await input.fill('')
  await page.locator('.VPLocalSearchBox .result').first().waitFor({
    state: 'detached',
  })
  await input.fill(query)
  await page.locator('.VPLocalSearchBox .result').first().waitFor()
  const found = await page.locator('.VPLocalSearchBox .result').all()
  const links = await Promise.all(found.map((a) => a.getAttribute('href')))
  const first = links.slice(0, 5).map((link) => link?.replace(/^\/[^/]+\//, ''))
  const good = first.some((link) => link && wanted.test(link))
  expect(good, `wanted ${wanted}, found ${first.join(', ')}`).toBe(true)
})
