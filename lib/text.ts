/**
 * Writes a text file inside code: the indentation that all lines share is
 * taken away, and the text ends with one newline.
 *
 * @example
 * text`
 *   [Unit]
 *   Description=${name}
 * `
 * // '[Unit]\nDescription=etcd\n'
 */
export function text(
  strings: TemplateStringsArray,
  ...values: (string | number)[]
): string {
  const lines = strings.raw.join('\0').replace(/^\n/, '').trimEnd().split('\n')
  const indents = lines
    .filter((line) => line.trim() !== '')
    .map((line) => line.length - line.trimStart().length)
  const indent = Math.min(...indents)
  const left = [...values]
  // Cut first, insert after: a value of several lines keeps its own shape.
  const cut = lines.map((line) => line.slice(indent).trimEnd()).join('\n')
  return `${cut.replaceAll('\0', () => String(left.shift()))}\n`
}

/**
 * Renders the command line of a unit, one flag a line, so that a reader can
 * put a finger on each.
 *
 * @param program absolute path
 * @param flags names without the leading dashes
 * @example
 * commandLine('/usr/local/bin/kubelet', { 'node-ip': '10.10.0.11' })
 */
export function commandLine(
  program: string,
  flags: Record<string, string | number | boolean>,
): string {
  const rendered = Object.entries(flags).map(([name, value]) =>
    oneWord(`--${name}=${value}`),
  )
  return [program, ...rendered].join(' \\\n  ')
}

// In a unit, % begins a specifier and $ a variable; a word with spaces or
// quotes is written as in C (systemd.service(5), "Command lines").
function oneWord(flag: string): string {
  const literal = flag.replaceAll('%', '%%').replaceAll('$', '$$$$')
  return /[\s"'\\;]/.test(literal) ? JSON.stringify(literal) : literal
}
