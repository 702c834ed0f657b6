import { type Page, partsOf } from '../../commands/docs/pages.ts'
import { at } from './at.ts'

/** What a page of a decision has, and nothing else, in this order. */
export const sections = [
  'The question',
  'What it depends on',
  'Options',
  'What this guide chose, and when to differ',
  'How to switch later',
  'Sources',
] as const

/** Where the page of a decision has not the shape that the others have. */
export function wrongShape(page: Page): string[] {
  const found = sectionsOf(page)
  const names = [...found.keys()]
  const lines = (name: (typeof sections)[number]) => found.get(name) ?? []
  const errors: [boolean, string][] = [
    [names.join() === sections.join(), `has ${names}, not ${sections}`],
    ...sections.map((name): [boolean, string] => [
      lines(name).some((line) => line.trim() !== ''),
      `“${name}” is empty`,
    ]),
    [
      lines('What it depends on').filter((line) => /^- \S/.test(line)).length >
        1,
      'the answer depends on two things at least, each in a line with “-”',
    ],
    [
      costsOf(lines('Options')).length > 1,
      'its options are no table that ends with “what it costs”',
    ],
    [
      costsOf(lines('Options')).every((cost) => cost !== ''),
      'an option has no cost',
    ],
    [
      lines('Options').some((line) => /^<Diagram name="[^"]+" \/>$/.test(line)),
      'its options have no diagram',
    ],
    [
      new Set(lines('Sources').flatMap(addressesIn)).size > 2,
      'it has fewer than three sources',
    ],
  ]
  return errors.flatMap(([isRight, what]) =>
    isRight ? [] : [`${at(page)}: ${what}`],
  )
}

function sectionsOf(page: Page): Map<string, string[]> {
  const found = new Map<string, string[]>()
  let current: string[] = []
  for (const { text } of partsOf(page).prose) {
    const [, title] = /^## (.+)$/.exec(text) ?? []
    if (title === undefined) current.push(text)
    else {
      current = []
      found.set(title, current)
    }
  }
  return found
}

/** The last cell of each row of the tables that say what options cost. */
function costsOf(lines: readonly string[]): string[] {
  const costs: string[] = []
  let isInside = false
  for (const line of lines) {
    if (!line.startsWith('|')) isInside = false
    else if (isInside && !/^[|\s:-]+$/.test(line)) {
      costs.push(line.split('|').at(-2)?.trim() ?? '')
    } else if (/\| what it costs \|$/.test(line)) isInside = true
  }
  return costs
}

function addressesIn(line: string): string[] {
  return [...line.matchAll(/\]\((https:[^)]+)\)/g)].map(([, url = '']) => url)
}
