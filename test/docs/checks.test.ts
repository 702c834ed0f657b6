// Every check of the pages, on pages that are wrong: one that cannot fail
// checks nothing.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { page, partsOf, typedOn } from '../../commands/docs/pages.ts'
import {
  ambiguousBlocks,
  commandsOf,
  type Ground,
  wrongFences,
} from './fences.ts'
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

const lines = (...text: string[]) => text.join('\n')

describe('a page is taken apart', () => {
  test('blocks know their line, text and place', () => {
    const one = page(
      'steps/05-etcd.md',
      lines(
        ...['---', 'title: 05 etcd', '---', '# etcd'],
        ...['```sh [on cp-1]', 'one', '', 'two', '```'],
        ...['- item', '  ```sh [here]', '  three', '  ```'],
        ...['````text', '```', '````', '<<< @/../steps/a.ts#b{1}'],
      ),
    )
    const { fences, quotes, prose, frontmatter } = partsOf(one)
    expect(one.step).toBe('05')
    expect(fences.map(({ line, text }) => [line, text])).toEqual([
      [5, 'one\n\ntwo'],
      [11, 'three'],
      [14, '```'],
    ])
    expect(typedOn(one).map(({ machine }) => machine)).toEqual([
      'cp-1',
      undefined,
    ])
    expect(quotes).toEqual([
      { file: '@/../steps/a.ts', region: 'b', options: '1', line: 17 },
    ])
    expect(prose.map(({ text }) => text)).toEqual(['# etcd', '- item'])
    expect(frontmatter).toEqual([{ text: 'title: 05 etcd', line: 2 }])
  })
})

describe('regions', () => {
  const source = {
    path: 'steps/05-etcd.ts',
    text: lines(
      ...['// #region one', '// #endregion one'],
      ...['// #region two', '// #endregion two'],
    ),
  }
  const module = { path: 'steps/etcd/flags.ts', text: 'no region' }
  const whole = '<<< @/../steps/05-etcd.ts{ts twoslash}'
  const quote = (region: string) => `<<< @/../steps/05-etcd.ts#${region}`
  const etcd = (...text: string[]) => page('steps/05-etcd.md', lines(...text))

  test('each once, in order, and the whole file: fine', () => {
    const right = etcd(quote('one'), quote('two'), whole)
    expect(unquoted(right, [source])).toEqual([])
  })

  test.each([
    ['missing', [quote('one'), whole], /etcd.ts:3: region two is not quoted/],
    [
      'twice',
      [quote('one'), quote('two'), quote('two'), whole],
      /05-etcd.md:3: quotes two a second time/,
    ],
    [
      'in another order',
      [quote('two'), quote('one'), whole],
      /05-etcd.md:2: one comes before two|05-etcd.md:2: one comes/,
    ],
    ['no whole file', [quote('one'), quote('two')], /whole file .* 0 times/],
  ])('%s', (_, text, error) => {
    expect(unquoted(etcd(...text), [source])).toEqual([
      expect.stringMatching(error),
    ])
  })

  test('a module that no reader sees', () => {
    const right = etcd(quote('one'), quote('two'), whole)
    expect(unquoted(right, [source, module])).toEqual([
      expect.stringContaining('steps/etcd/flags.ts: has no region'),
    ])
  })

  test.each([
    ['never closed', ['// #region a'], /a is never closed/],
    ['closed by another', ['// #region a', '// #endregion b'], /:2: .*closes/],
    [
      'one inside another',
      ['// #region a', '// #region b', '// #endregion b'],
      /:2: .*begins inside a/,
    ],
    [
      'two of a name',
      ['// #region a', '// #endregion a', '// #region a', '// #endregion a'],
      /:3: there are two regions a/,
    ],
    ['without a name', ['// #region', '// #endregion '], /:1: .*needs a name/],
  ])('%s', (_, text, error) => {
    const broken = { path: 'steps/x.ts', text: lines(...text) }
    expect(brokenRegions(broken)).toEqual([expect.stringMatching(error)])
    expect(brokenRegions(source)).toEqual([])
  })

  test.each([
    ['<<< @/../steps/99-no.ts', /there is no file steps\/99-no.ts/],
    ['<<< @/../steps', /there is no file/],
    ['<<< ./x.ts', /begins with @\//],
    ['<<< @/architecture.md', /use docs\/examples/],
    ['<<< @/../steps/05-etcd.ts#nope', /no region nope; it has: install/],
  ])('%s', (text, error) => {
    const root = join(import.meta.dirname, '../..')
    expect(unknownQuotes(etcd(text), root)).toEqual([
      expect.stringMatching(error),
    ])
    expect(unknownQuotes(etcd(quote('install')), root)).toEqual([])
  })

  test.each([
    ['a heading', ['## One', '', quote('one')], /:3: nothing above one/],
    [
      'other code',
      ['Why.', quote('one'), '', quote('two')],
      /:4: .* above two .* it follows other code/,
    ],
    [
      'folded code',
      ['::: details One', quote('one'), ':::', '', quote('two')],
      /:5: nothing above two/,
    ],
    ['typed code', ['```sh [here]', 'a', '```', quote('one')], /:4: nothing/],
    ['output', ['<Recorded step="05" />', quote('one')], /:2: nothing/],
    ['nothing', [whole], /:1: nothing above the file/],
  ])('code that only follows %s', (_, text, error) => {
    expect(unexplained(etcd(...text))).toEqual([expect.stringMatching(error)])
  })

  test('code that follows its reason, or is a proof', () => {
    const right = etcd(
      ...['## One', 'Why.', '', quote('one'), '- a list', quote('two')],
      ...['## Verify', quote('one'), quote('two'), '## Undo', quote('one')],
    )
    expect(unexplained(right)).toEqual([])
    const after = etcd('## Undo', '## If it fails', quote('one'))
    expect(unexplained(after)).toHaveLength(1)
  })

  test('an example that no page quotes', () => {
    const files = ['docs/examples/a.yaml', 'docs/examples/b.yaml']
    expect(unusedExamples([etcd('<<< @/examples/a.yaml')], files)).toEqual([
      expect.stringContaining('docs/examples/b.yaml: no page'),
    ])
  })
})

describe('the shape of a step page', () => {
  const right = [
    ...['# 05 etcd', '', 'The aim.', '<StepFacts step="05" />'],
    ...['<Diagram name="after-05" />', '## Why', '<<< @/../steps/a.ts#b'],
    ...['## Run it', '<Run step="05" />'],
    ...['## Look around', '```sh [on cp-1]', 'a', '```'],
    ...['## Verify', '<Recorded step="05" part="verify" />'],
    ...['## Undo', '<Recorded step="05" part="undo" />'],
    ...['## If it fails', '```text', 'in vain', '```'],
    ...['## What kubeadm would have done', '## Further reading', '- [a](/b)'],
    ...['::: details The whole file', '<<< @/../steps/a.ts{ts twoslash}'],
  ]
  const shapeOf = (text: string[]) =>
    misshapen(page('steps/05-etcd.md', lines(...text)))
  const needed = right.filter((line) => !/^(|a|in vain|```)$/.test(line))

  test('each part, in order: fine', () => {
    expect(shapeOf(['---', '# title: a', '---', ...right])).toEqual([])
  })

  test.each(needed)('without "%s"', (part) => {
    const errors = shapeOf(right.filter((line) => line !== part))
    expect(errors).toEqual([expect.stringMatching(/05-etcd.md: has no /)])
  })

  test('two parts in the wrong order, or of another step', () => {
    const at = right.indexOf('## Run it')
    const moved = right.toSpliced(at, 2)
    expect(shapeOf([...moved, '## Run it', '<Run step="05" />'])).toEqual([
      'docs/steps/05-etcd.md: has no Look around after <Run>',
    ])
    const other = right.toSpliced(at + 1, 1, '<Run step="06" />')
    expect(shapeOf(other)).toEqual([
      'docs/steps/05-etcd.md: has no <Run> after Run it',
    ])
  })
})

describe('fenced blocks', () => {
  const ground: Ground = {
    machines: ['cp-1'],
    ci: 'npm ci\n  npm run up -- --yes # a comment',
    steps: ['05-etcd'],
  }
  const fence = (info: string, ...text: string[]) =>
    page('guide/a.md', lines('', `\`\`\`${info}`, ...text, '```'))

  test.each([
    ['sh [here]', 'true'],
    ['sh [on cp-1]', 'true'],
    ['sh [ci]', 'npm run up'],
    ['sh [undo]', 'npx zx steps/05-etcd.ts --undo --forget # and data'],
    ['sh [undo]', 'npm run steps -- --undo --from 05'],
    ['sh [not tested by CI]', 'multipass launch'],
    ['text', 'anything'],
  ])('%s: %s', (info, text) => {
    expect(wrongFences(fence(info, text), ground)).toEqual([])
  })

  test.each([
    ['sh', 'true', /a block is/],
    ['', 'true', /a block is/],
    ['ts', 'true', /code is quoted/],
    ['sh [on]', 'true', /a block is/],
    ['sh [here]', ' ', /the block is empty/],
    ['sh [on cp-9]', 'true', /cluster.yaml has no cp-9, only cp-1/],
    ['sh [ci]', 'npm run upward', /no line of .ci\/run begins with it/],
    ['sh [undo]', 'npx zx steps/05-etcd.ts', /the end to end runs only/],
    ['sh [undo]', 'npx zx steps/06-no.ts --undo', /there is no step 06-no/],
  ])('%s: %s is refused', (info, text, error) => {
    const errors = wrongFences(fence(info, text), ground)
    expect(errors).toEqual([expect.stringMatching(error)])
    expect(errors[0]).toMatch(/^docs\/guide\/a.md:2: /)
  })

  test('the same command at two places', () => {
    const twice = lines(
      ...['```sh [on cp-1]', 'hostname', '```'],
      ...['```sh [here]', 'hostname', '```'],
    )
    expect(ambiguousBlocks(page('a.md', twice))).toEqual([
      expect.stringContaining('docs/a.md:4: the same block'),
    ])
    const same = lines('```sh [here]', 'a', '```', '```sh [here]', 'a', '```')
    expect(ambiguousBlocks(page('a.md', same))).toEqual([])
  })

  test('comments are no commands', () => {
    expect(commandsOf('# why\n\na b # c\n')).toEqual(['a b'])
  })
})

describe('links', () => {
  const publicFolder = mkdtempSync(join(tmpdir(), 'kfs-links-'))
  afterAll(() => rmSync(publicFolder, { recursive: true }))
  const pages = [
    page('index.md', '# Home'),
    page(
      'decisions/etcd.md',
      '## The `data` of a & b\n## Same\n## Same\n## Own {#mine}',
    ),
    page('steps/index.md', '# Steps'),
  ]
  const generated = ['/reference/api/']
  const site = { pages, publicFolder, generated }
  const errors = (text: string) => deadLinks(page('a.md', text), site)

  test.each([
    '[a](/decisions/etcd)',
    '[a](/decisions/etcd#the-data-of-a-b)',
    '[a](/decisions/etcd#same-1) and [b](/decisions/etcd#mine)',
    '[home](/) [steps](/steps/) [api](/reference/api/cluster)',
    '[out](https://kubernetes.io/docs/)',
    '<a href="./decisions/etcd#same">a</a>',
    '`[no](link)` and ``[no]\n(link)``',
  ])('%s', (text) => {
    expect(errors(text)).toEqual([])
  })

  test.each([
    ['[a](/decisions/nope)', /there is no such page/],
    ['one [two\nthree](/nope)', /docs\/a.md:1: .*there is no such page/],
    ['[a](../decisions/etcd)', /begin with \//],
    ['[a](/decisions/etcd.md)', /without the extension/],
    ['[a](/decisions/etcd#nope)', /no heading #nope; it has: the-data/],
    ['[a](#nope)', /has no heading #nope/],
    ['![a](/nope.svg)', /there is no file/],
    ['<img alt="a" src="/nope.svg">', /there is no file/],
    ['<a href="/nope">a</a>', /there is no such page/],
    ['<a href="./nope">a</a>', /there is no such page/],
    ['---\nactions:\n  - link: /nope\n---', /there is no such page/],
  ])('%s is dead', (text, error) => {
    expect(errors(text)).toEqual([expect.stringMatching(error)])
  })

  test('pages that nothing leads to, and entries that lead nowhere', () => {
    const entries = ['/steps/', '/gone']
    expect(orphans(pages, entries)).toEqual([
      expect.stringContaining('docs/decisions/etcd.md: neither'),
    ])
    expect(deadEntries(pages, entries)).toEqual([
      expect.stringContaining('/gone: there is no such page'),
    ])
  })
})

describe('frontmatter', () => {
  const head = (...text: string[]) =>
    wrongFrontmatter(page('a.md', lines('---', ...text, '---', '# A')))

  test.each([
    [[], /no title|no description/],
    [['title: A'], /docs\/a.md:1: it has no description/],
    [['description: A b.'], /it has no title/],
    [['title: A', 'description: a word'], /no whole sentence/],
    [['title: "A'], /is not YAML/],
  ])('%s', (text, error) => {
    expect(head(...text)).toContainEqual(expect.stringMatching(error))
    expect(head('title: A', 'description: It is.')).toEqual([])
  })
})

describe('spelling', () => {
  const check = speller(['add-on', 'API', 'etcd'])
  const errors = (text: string) => check(page('a.md', text))

  test.each([
    'Etcd’s color isn’t gray, the APIs say, add-ons and well-known things.',
    'See `teh` and [a link](/teh), https://teh.example/teh and /etc/teh.',
    '<Teh name="teh" /> {{ teh }} v1beta1 one *n*th teh#12 teh_uuid',
    '---\ntitle: The teh.yaml\n---',
    'A `span of\nteh` and `` teh ` teh ``.',
    '```text\nteh\n```\n<<< @/teh.yaml',
  ])('%s', (text) => {
    expect(errors(text)).toEqual([])
  })

  test.each([
    ['It is teh way.', 'teh'],
    ['---\ntitle: Teh way\n---', 'Teh'],
    ['The colour of it.', 'colour'],
    ['An api.', 'api'],
    ['A well-knwon thing.', 'knwon'],
  ])('%s', (text, word) => {
    expect(errors(text)).toEqual([
      expect.stringMatching(`^docs/a.md:\\d: ${word}: correct it`),
    ])
  })

  test('the list of words is sorted, each once', () => {
    expect(unsorted(['a', 'B', 'c'])).toEqual([])
    expect(unsorted(['b', 'a']).length).toBeGreaterThan(0)
    expect(unsorted(['a', 'a'])).toEqual([
      expect.stringContaining('words.txt:2: a is there twice'),
    ])
  })
})
