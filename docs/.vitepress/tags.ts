const tagOnItsOwnLine = /^<([A-Z]\w+)((?: [\w-]+="[^"]*")*) ?\/>$/

/** A component that stands on a line of its own: its name and attributes. */
export interface Tag {
  name: string
  attributes: Record<string, string>
}

export function tagOf(line: string): Tag | undefined {
  const [, name, attributes = ''] = tagOnItsOwnLine.exec(line) ?? []
  if (!name) return undefined
  const pairs = [...attributes.matchAll(/ ([\w-]+)="([^"]*)"/g)]
  return {
    name,
    attributes: Object.fromEntries(pairs.map(([, key, value]) => [key, value])),
  }
}

export function attributesOf(line: string): Tag {
  const tag = tagOf(line)
  if (!tag) throw new Error(`not a component on a line of its own: ${line}`)
  return tag
}

/** One piece of a page: a line of prose, or a fenced block as a whole. */
export type Piece =
  | { kind: 'line'; text: string }
  | {
      kind: 'fence'
      text: string
      info: string
      body: string
      indent: string
    }

/** Splits Markdown into lines and fenced blocks, in order. */
export function piecesOf(markdown: string): Piece[] {
  const pieces: Piece[] = []
  const lines = markdown.split('\n')
  for (let at = 0; at < lines.length; at++) {
    const text = lines[at] ?? ''
    const open = /^( *)(`{3,}|~{3,})\s*(.*)$/.exec(text)
    if (!open) {
      pieces.push({ kind: 'line', text })
      continue
    }
    const [, indent = '', marks = '', info = ''] = open
    const end = lines.findIndex((line, index) => {
      return index > at && line.trim() === marks
    })
    const last = end === -1 ? lines.length : end
    pieces.push({
      kind: 'fence',
      text: lines.slice(at, last + 1).join('\n'),
      info,
      body: lines
        .slice(at + 1, last)
        .map((line) => line.replace(new RegExp(`^ {0,${indent.length}}`), ''))
        .join('\n'),
      indent,
    })
    at = last
  }
  return pieces
}

/** What a reader of Vue's templates or of HTML must not take for markup. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('{', '&#123;')
}
