/** Text as it is, in Markdown: nothing in it is a mark, or HTML. */
export function plain(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('{', '&#123;')
    .replace(/[\\`*_[\]|]/g, '\\$&')
}

/** Words in the type of code. */
export function code(text: string): string {
  if (text === '') return ''
  const marks = text.includes('`') ? '``' : '`'
  return `${marks}${text.replaceAll('|', '\\|')}${marks}`
}

/** Our own prose: `names` and {fields} in it are code, the rest is plain. */
export function prose(text: string): string {
  return text
    .split(/(`[^`]+`|\{[^}]*\})/)
    .map((part, index) => {
      if (index % 2 === 0) return plain(part)
      return code(part.startsWith('`') ? part.slice(1, -1) : part)
    })
    .join('')
}

/** A table; cells are Markdown. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('\n', ' ')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

/** A link to the page of a step. */
export function stepLink(number: string, id: string | undefined): string {
  return id ? `[${number}](/steps/${id})` : number
}
