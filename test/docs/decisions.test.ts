import { describe, expect, test } from 'vitest'
import { page, readPages } from '../../commands/docs/pages.ts'
import { expectNone } from './at.ts'
import { sections, wrongShape } from './decisions.ts'

const pages = readPages().filter(({ path }) => path.startsWith('decisions/'))
const index = pages.find(({ path }) => path === 'decisions/index.md')
const guides = pages.filter((one) => one !== index)

describe('every decision has the same shape', () => {
  test.each(guides)('$path', (guide) => {
    expectNone(wrongShape(guide))
  })

  test('and one row of the list of decisions', () => {
    for (const { path } of guides) {
      const row = new RegExp(`\\(/${path.replace('.md', '')}\\) \\| .+\\?`, 'g')
      expect(index?.text.match(row), path).toHaveLength(1)
    }
  })
})

describe('a page of another shape is found out', () => {
  const whole = [
    '## The question',
    'Which?',
    '## What it depends on',
    '- **This.**',
    '- **That.**',
    '## Options',
    '| option | what you get | what it costs |',
    '| --- | --- | --- |',
    '| one | all | much |',
    '| none | nothing | more |',
    '',
    '<Diagram name="decide" />',
    '## What this guide chose, and when to differ',
    'One.',
    '## How to switch later',
    'Slowly.',
    '## Sources',
    '- [a](https://a.example), [b](https://b.example)',
    '- [c](https://c.example)',
  ].join('\n')

  const errors = (text: string) => wrongShape(page('decisions/a.md', text))

  test('but not one that is whole', () => {
    expect(errors(whole)).toEqual([])
  })

  test.each([
    ['a section under another name', 'The question', 'Question'],
    ['a section without text', 'Slowly.', ''],
    ['one reason for all', '- **That.**', ''],
    ['one option alone', '| none | nothing | more |', ''],
    ['options without costs', 'what it costs', 'note'],
    ['an option without a cost', '| more |', '| |'],
    ['no diagram', '<Diagram name="decide" />', ''],
    ['two sources', 'https://c.example', '/c'],
    ['one source twice', 'https://c.example', 'https://a.example'],
  ])('with %s', (_, from, to) => {
    expect(errors(whole.replace(from, to))).not.toEqual([])
  })

  test('with its sections in another order', () => {
    const [first = '', ...others] = whole.split(/\n(?=## )/)
    const [second = '', ...rest] = others
    const turned = [second, first, ...rest].join('\n')
    expect(errors(turned)).toEqual([expect.stringContaining(sections[1])])
  })
})
