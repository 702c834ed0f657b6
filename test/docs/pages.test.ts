import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readPages } from '../../commands/docs/pages.ts'
import { repository, sourcesOf } from '../../commands/docs/recorded.ts'
import { expand } from '../../docs/.vitepress/expand.ts'
import { navigation, pagesByPart } from '../../docs/.vitepress/pages.ts'
import { loadCluster } from '../../lib/cluster.ts'
import { stepFiles } from '../../lib/steps.ts'
import { expectNone } from './at.ts'
import { ambiguousBlocks, type Ground, wrongFences } from './fences.ts'
import { wrongFrontmatter } from './frontmatter.ts'
import { deadEntries, deadLinks, orphans } from './links.ts'
import {
  brokenRegions,
  unexplained,
  unknownQuotes,
  unquoted,
  unusedExamples,
} from './regions.ts'
import { misshapen } from './shape.ts'
import { speller, unsorted } from './spelling.ts'

const pages = readPages()
const stepPages = pages.filter(({ step }) => step)
const steps = stepFiles()
const read = (path: string) => readFileSync(join(repository, path), 'utf8')

const ground: Ground = {
  machines: loadCluster(join(repository, 'cluster.yaml')).machines.map(
    ({ name }) => name,
  ),
  ci: read('.ci/run'),
  steps: steps.map(({ file }) => basename(file, '.ts')),
}

describe('the code of the guide is on its pages', () => {
  test.each(steps)('$number $name', ({ number, name, file }) => {
    const page = pages.find(({ path }) => path === `steps/${number}-${name}.md`)
    expect(page, `docs/steps/${number}-${name}.md is missing`).toBeDefined()
    if (!page) return
    const sources = sourcesOf(file).map((path) => ({ path, text: read(path) }))
    expectNone(sources.flatMap(brokenRegions))
    expectNone(unquoted(page, sources))
  })

  test('every page of a step is one of a step that exists', () => {
    const own = steps.map(({ number, name }) => `steps/${number}-${name}.md`)
    const left = pages.filter(({ path, step }) => step && !own.includes(path))
    expectNone(left.map(({ path }) => path))
  })

  test('every page of a step has its parts, in order', () => {
    expectNone(stepPages.flatMap(misshapen))
  })

  test('code comes after what it is for', () => {
    expectNone(stepPages.flatMap(unexplained))
  })

  test('every quote is of something that is there', () => {
    const errors = pages.flatMap((page) => unknownQuotes(page, repository))
    expectNone(errors)
  })

  test('every example is on a page', () => {
    const examples = globSync('docs/examples/*', { cwd: repository }).sort()
    expectNone(unusedExamples(pages, examples))
  })
})

describe('every block is run, or says that it is not', () => {
  test('its kind is one of ours, and its commands are covered', () => {
    const errors = pages.flatMap((page) => wrongFences(page, ground))
    expectNone(errors)
  })

  test('its output can be told from that of another', () => {
    expectNone(pages.flatMap(ambiguousBlocks))
  })
})

describe('readers find their way', () => {
  const entries = [
    ...pagesByPart().flatMap(({ pages }) => pages.map(({ link }) => link)),
    ...navigation().flatMap((item) => ('link' in item ? [item.link] : [])),
  ].map(String)

  test('links, anchors and images lead somewhere', () => {
    const site = {
      pages,
      publicFolder: join(repository, 'docs/public'),
      generated: ['/reference/api/'],
      expand: ({ text, path }: { text: string; path: string }) =>
        expand(text, path),
    }
    expectNone(pages.flatMap((page) => deadLinks(page, site)))
  })

  test('every page is in the sidebar or the navigation', () => {
    expectNone(orphans(pages, entries))
    expectNone(deadEntries(pages, entries))
  })

  test('every page has a title and a description', () => {
    expectNone(pages.flatMap(wrongFrontmatter))
  })
})

describe('spelling', () => {
  const words = read('test/docs/words.txt').trimEnd().split('\n')

  test('of every page', () => {
    expectNone(pages.flatMap(speller(words)))
  })

  test('the list of our own words is sorted', () => {
    expectNone(unsorted(words))
  })
})
