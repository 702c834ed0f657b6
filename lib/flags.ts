import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'
import { closest } from './closest.ts'
import { GuideError } from './errors.ts'

/**
 * Reads the flags of a command, with Node's own parser and in words of ours:
 * what was found, what would be right, and the usage.
 *
 * @param argv arguments of the command
 * @param options the flags that it has, as `parseArgs` of Node wants them
 * @param usage shown below every error
 * @param words whether there may be anything besides flags; default no
 * @returns values of the flags, and all other words
 * @throws {GuideError} for a flag that is not known, that lacks its value or
 * has one too many, or that is given twice, and for a word too many
 * @example
 * readFlags(['--to', '05'], { to: { type: 'string' } }, usage).values.to
 */
export function readFlags<const T extends ParseArgsOptionsConfig>(
  argv: readonly string[],
  options: T,
  usage: string,
  words = false,
) {
  const { tokens } = parseArgs({
    ...{ args: [...argv], options, strict: false, tokens: true },
    allowPositionals: true,
  })
  const given = new Map<string, string | undefined>()
  for (const token of tokens) {
    const why =
      token.kind === 'option'
        ? wrongWith(token, argv[token.index] ?? '', options, given)
        : token.kind === 'positional' &&
          !words &&
          `found ${JSON.stringify(token.value)}, allowed: flags alone`
    if (why) throw new GuideError(`${why}\n${usage}`)
    if (token.kind === 'option') given.set(token.name, token.value)
  }
  return parseArgs({ args: [...argv], options, allowPositionals: true })
}

interface Option {
  name: string
  rawName: string
  value?: string | undefined
  inlineValue?: boolean | undefined
}

function wrongWith(
  { name, rawName, value, inlineValue }: Option,
  word: string,
  options: ParseArgsOptionsConfig,
  given: ReadonlyMap<string, string | undefined>,
): string | undefined {
  // `--__proto__` is a name, too.
  const known = Object.hasOwn(options, name) ? options[name] : undefined
  if (!known) {
    const flags = Object.keys(options).map((it) => `--${it}`)
    // `-plan` is -p -l -a -n to the parser, and --plan to who wrote it.
    const near = closest(rawName.startsWith('--') ? rawName : word, flags)
    const guess = near ? ` (did you mean ${near}?)` : ''
    return `there is no flag ${printable(rawName)}${guess}`
  }
  if (known.type === 'boolean') {
    if (value === undefined) return undefined
    return `${rawName}: found the value ${JSON.stringify(value)}, allowed: none`
  }
  if (!value) return `${rawName}: found nothing, allowed: a value behind it`
  if (value.startsWith('-') && !inlineValue) {
    return (
      `${rawName}: found ${printable(value)}, allowed: a value; ` +
      `one that begins with a dash as ${rawName}=${printable(value)}`
    )
  }
  if (!given.has(name)) return undefined
  const both = [given.get(name) ?? '', value].map(printable).join(' and ')
  return `${rawName} is given twice: ${both}`
}

/**
 * A word as an error message shows it: what would move the cursor of a
 * terminal, or could not be seen, as JSON has it.
 *
 * @example
 * printable('a\tb') // '"a\\tb"'
 */
export function printable(text: string): string {
  return /^[\x21-\x7e]+$/.test(text) ? text : JSON.stringify(text)
}
