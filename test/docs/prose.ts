import { type Page, partsOf } from '../../commands/docs/pages.ts'

/**
 * The prose of a page in one piece, since links and code go over ends of
 * lines: each line where it is in the page, everything else left empty.
 */
export function proseOf({ text }: Pick<Page, 'text'>): string {
  const lines = text.split('\n').map(() => '')
  for (const { text: prose, line } of partsOf({ text }).prose) {
    lines[line - 1] = prose
  }
  const code = /(?<!`)(`+)(?!`)(?:(?!\n\n)[\s\S])+?(?<!`)\1(?!`)/g
  return blank(lines.join('\n'), code)
}

/** Replaces what matches by spaces; ends of lines stay. */
export function blank(text: string, pattern: RegExp): string {
  return text.replace(pattern, (found) => found.replace(/[^\n]/g, ' '))
}

/** The number of the line at an index of a text. */
export function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length
}
