/** Reads a script, and gives what it has in its holes, or undefined. */
export type Pattern = (script: string) => string[] | undefined

// One way to read each character: a script is long, and there are many.
const bare = String.raw`(?:'[^']*'|\\'|[\w@%+=:,./-])+`

/** One word of bash, as `quote` of lib/shell.ts writes it. */
export const word = `(${bare})`
/** Words with spaces between them, or none. */
export const words = String.raw`((?:${bare}(?:\s+${bare})*)?)`
/** Anything at all. */
export const rest = String.raw`([\s\S]*?)`

/**
 * Describes scripts that differ in their holes alone. White space counts as
 * such, however much of it there is.
 *
 * @example
 * like`useradd --system ${word}`
 */
export function like(strings: TemplateStringsArray, ...holes: string[]) {
  const pieces = strings.raw.map((piece) =>
    piece
      .split(/(?:\\\n|\s)+/)
      .map((text) => text.replace(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`))
      .join(String.raw`(?:\\\n|\s)+`),
  )
  const source = pieces.reduce(
    (done, piece, index) => done + (holes[index - 1] ?? '') + piece,
  )
  // White space at both ends is that of the template.
  const trimmed = source
    .replace(/^\(\?:\\\\\\n\|\\s\)\+/, '')
    .replace(/\(\?:\\\\\\n\|\\s\)\+$/, '')
  const expression = new RegExp(`^\\s*${trimmed}\\s*$`)
  return (script: string) => expression.exec(script)?.slice(1)
}

/**
 * Splits and unquotes words.
 *
 * @example
 * unquote("a 'b c'") // ['a', 'b c']
 */
export function unquote(text: string): string[] {
  const found = text.match(new RegExp(word, 'g')) ?? []
  return found.map((one) =>
    one.replace(/'([^']*)'|\\(.)/g, (_, inside, escaped) => inside ?? escaped),
  )
}
