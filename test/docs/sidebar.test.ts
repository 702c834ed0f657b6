import { expect, test } from 'vitest'
import { page, readPages } from '../../commands/docs/pages.ts'
import { navigation, pagesByPart } from '../../docs/.vitepress/pages.ts'
import { linksOf } from './links.ts'

const reference = pagesByPart().find(({ text }) => text === 'Reference')
const pages = reference?.pages ?? []

test('a part with a page about it begins with that page', () => {
  for (const { text, pages } of pagesByPart()) {
    const about = pages.find(({ link }) => link.endsWith('/'))
    if (about) expect(pages[0], text).toBe(about)
  }
  expect(pages[0]?.link).toBe('/reference/')
})

test('the navigation opens parts at their first page', () => {
  const first = pagesByPart().map(({ pages: [page] }) => page?.link)
  const opened = navigation().map((item) => 'link' in item && item.link)
  expect(opened.filter((link) => link !== '/node-spec')).toEqual(first)
})

test('the page about the reference names every page of it', () => {
  const index = readPages().find(({ path }) => path === 'reference/index.md')
  const named = linksOf(index ?? page('', '')).map(({ target }) => target)
  const others = pages.slice(1).map(({ link }) => link)
  expect(others.filter((link) => !named.includes(link))).toEqual([])
  expect(named).toContain('/reference/api/')
})
