/**
 * A piece of bash whose inserted values are already quoted. Made by
 * {@link sh}; the type keeps a plain string from being run by mistake.
 */
export interface Script {
  readonly script: string
}

/** What may be inserted into a script. */
export type ShellValue = string | number | Script | readonly (string | number)[]

/**
 * Quotes a value so that bash reads it as one literal word.
 *
 * @example
 * quote("it's") // 'it'\''s'
 */
export function quote(value: string | number): string {
  const text = String(value)
  if (text.includes('\0')) {
    throw new Error('Cannot quote for bash: the text holds a NUL character')
  }
  if (/^[\w@%+=:,./-]+$/.test(text)) return text
  return `'${text.replaceAll("'", `'\\''`)}'`
}

/**
 * Writes bash with every inserted value quoted, so that no name, path or
 * password can become code. Backslashes stay as typed; a list becomes
 * separate words; another script is inserted as it is.
 *
 * @example
 * sh`ip route show ${'10.20.1.0/24'}`
 */
export function sh(
  strings: TemplateStringsArray,
  ...values: ShellValue[]
): Script {
  const left = [...values]
  // Cut first, insert after: a value of several lines keeps its own shape.
  const cut = dedent(strings.raw.join('\0'))
  return { script: cut.replaceAll('\0', () => render(left.shift())) }
}

/**
 * A command with a text on its stdin, to paste. No line of the text ends it
 * early, or the rest would be run where it was pasted.
 *
 * @param command already quoted
 * @example
 * withInput('cat', 'text') // "cat <<'END'\ntext\nEND"
 */
export function withInput(command: string, text: string): string {
  const lines = new Set(text.split('\n'))
  let end = 'END'
  while (lines.has(end)) end += '_'
  return `${command} <<'${end}'\n${text}\n${end}`
}

function render(value: ShellValue | undefined): string {
  if (typeof value === 'string' || typeof value === 'number') {
    return quote(value)
  }
  if (Array.isArray(value)) return value.map(quote).join(' ')
  if (isScript(value)) return value.script
  throw new Error(`Cannot insert into a script: found ${String(value)}`)
}

function isScript(value: unknown): value is Script {
  return typeof value === 'object' && value !== null && 'script' in value
}

function dedent(text: string): string {
  const lines = text.replace(/^\n/, '').trimEnd().split('\n')
  const indents = lines
    .filter((line) => line.trim() !== '')
    .map((line) => line.length - line.trimStart().length)
  const indent = Math.min(...indents, 80)
  return lines.map((line) => line.slice(indent)).join('\n')
}
