import { isUtf8 } from 'node:buffer'
import { readFileSync, statSync } from 'node:fs'
import {
  type Document,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type YAMLError,
} from 'yaml'

/** Where a value stands: keys of mappings and places in lists. */
export type Path = readonly (string | number)[]

/** Something wrong in a file, before it is known where it stands. */
export interface Finding {
  path: Path
  /** True when the key itself is wrong, not its value. */
  key?: boolean
  /** What stands there, as the message says it; default: the value. */
  found?: string
  /** What may stand there. */
  allowed: string
}

interface Place {
  /** Counted from 1; 0 when the mistake is the file itself. */
  line: number
  /** Counted from 1; 0 when the mistake is the file itself. */
  column: number
}

/** Something wrong in a file, with its place. */
export interface Mistake extends Place {
  /** As in `machines[2].address`; empty for the document. */
  path: string
  found: string
  allowed: string
}

/** What is found and what is allowed. */
type Words = [string, string]

/** A YAML file in which every value can still be found. */
export interface YamlFile {
  /** The values; undefined where the text is no YAML at all. */
  data: unknown
  /** What is wrong with the YAML itself. */
  mistakes: Mistake[]
  /** Gives a finding its line and column. */
  locate(finding: Finding): Mistake
}

// A thousand machines fit in a tenth of it; an endless device does not.
const mostBytes = 1024 * 1024
// Configuration of Kubernetes needs less; a parser's stack holds more.
const mostDepth = 32
const tooDeep: Mistake = {
  line: 1,
  column: 1,
  path: '',
  found: `values nested more than ${mostDepth} deep`,
  allowed: 'the fields of cluster.yaml',
}

/**
 * Reads a YAML file of one document and keeps where everything stands.
 * Anchors, aliases and tags are refused: a reader should find every value
 * where it is used, and a small file cannot unfold into a huge one.
 *
 * @returns the values and the mistakes; it never throws for what a file holds
 * @example
 * readYamlFile('cluster.yaml').locate({ path: ['name'], allowed: 'a name' })
 * @see https://yaml.org/spec/1.2.2/
 */
export function readYamlFile(file: string): YamlFile {
  const read = readText(file)
  if (typeof read !== 'string') return unreadable([read])
  try {
    return parseYaml(read)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return unreadable([tooDeep])
  }
}

/**
 * Writes a value as an error message shows it.
 *
 * @example
 * show('10.10.0.300') // '"10.10.0.300"'
 */
export function show(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  if (Array.isArray(value)) return value.length ? 'a list' : 'an empty list'
  if (typeof value === 'object') return 'a mapping'
  if (typeof value !== 'string') return String(value)
  const text = JSON.stringify(value)
  return text.length > 80 ? `${text.slice(0, 76)}…"` : text
}

function parseYaml(text: string): YamlFile {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
    resolveKnownTags: false,
  })
  // Where the parser gave up depends on its stack: it says nothing.
  const exhausted = document.errors.some((error) =>
    error.code.startsWith('RESOURCE'),
  )
  if (exhausted) return unreadable([tooDeep])
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const said = (error: YAMLError) => {
    const opening = openingOf(document, error)
    const words = wording(error, text, opening ? place(opening) : undefined)
    return mistake(place(error.pos[0]), ...words)
  }
  // One missing bracket makes the rest of a file look wrong too.
  const fatal = document.errors.find(({ code }) => code !== 'DUPLICATE_KEY')
  if (fatal) return unreadable([said(fatal)])
  const odd = oddities(document)
  if (odd.length) {
    return unreadable(
      odd.map(({ offset, words }) => mistake(place(offset), ...words)),
    )
  }
  const data: unknown = document.toJS()
  if (isDeeper(data, mostDepth)) return unreadable([tooDeep])
  return {
    data,
    mistakes: [...document.errors, ...document.warnings].map(said),
    locate: ({ path, key, found, allowed }) => ({
      ...place(offsetOf(document, path, key)),
      path: showPath(path),
      found: found ?? show(valueAt(data, path)),
      allowed,
    }),
  }
}

function readText(file: string): string | Mistake {
  const allowed = 'a YAML file; see cluster.yaml for one'
  const whole = { line: 0, column: 0 }
  const bytes = readBytes(file)
  if (typeof bytes === 'string') return mistake(whole, bytes, allowed)
  if (isUtf8(bytes)) return new TextDecoder().decode(bytes)
  const before = new TextDecoder().decode(bytes).split('\ufffd')[0] ?? ''
  const lines = before.split('\n')
  const place = { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 }
  return mistake(place, 'bytes that are not UTF-8', 'text in UTF-8')
}

/** The bytes of a file, or why there are none. */
function readBytes(file: string): Buffer | string {
  try {
    const stat = statSync(file)
    if (stat.isDirectory()) return 'a folder'
    if (!stat.isFile()) return 'something that is no regular file'
    if (stat.size > mostBytes) return `a file of ${stat.size} bytes`
    return readFileSync(file)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'no such file'
    if (code === 'EACCES') return 'a file that you may not read'
    return `a file that cannot be read (${code})`
  }
}

function mistake(place: Place, found: string, allowed: string): Mistake {
  return { ...place, path: '', found, allowed }
}

function unreadable(mistakes: Mistake[]): YamlFile {
  const locate = ({ path, found, allowed }: Finding) => ({
    ...mistake({ line: 1, column: 1 }, found ?? 'nothing', allowed),
    path: showPath(path),
  })
  return { data: undefined, mistakes, locate }
}

/** The words for an error of the YAML parser: what is found, what allowed. */
function wording(error: YAMLError, text: string, opening?: Place): Words {
  const piece = /^["']?[^:\s]*/.exec(text.slice(error.pos[0]))?.[0] ?? ''
  switch (error.code) {
    case 'TAB_AS_INDENT':
      return ['a tab', 'spaces']
    case 'DUPLICATE_KEY':
      return [`${show(piece)} a second time`, 'each key once']
    case 'MULTIPLE_DOCS':
      return ['a second document', 'one document']
    case 'TAG_RESOLVE_FAILED':
      return [
        `the tag ${/^\S*/.exec(text.slice(error.pos[0]))}`,
        'a plain value',
      ]
    case 'NON_STRING_KEY':
      return ['a key that is no text', 'the name of a field']
    default:
      return [
        `text that is no YAML (${error.message}${
          opening ? `; it starts at ${opening.line}:${opening.column}` : ''
        })`,
        remedy(error),
      ]
  }
}

function remedy({ code, message }: YAMLError): string {
  if (/^Flow .* end with/.test(message)) return 'a bracket that closes it'
  if (/^Missing closing/.test(message)) return 'a quote that closes it'
  if (code === 'BAD_SCALAR_START') return 'the value in quotes'
  if (code === 'BAD_DQ_ESCAPE') return 'a known escape, or single quotes'
  if (/[Kk]eys?/.test(message)) return 'a colon and a space after each key'
  if (code === 'BLOCK_AS_IMPLICIT_KEY') {
    return 'the value in quotes, or the mapping on lines of its own'
  }
  return 'the layout of cluster.yaml: one more level, two more spaces'
}

/** Where the quote or bracket began that an error found no end of. */
function openingOf(document: Document, { pos, message }: YAMLError) {
  const start = pos[0]
  let opening: number | undefined
  if (!/end with|closing/.test(message)) return opening
  visit(document, {
    Node: (_key, { range }) => {
      if (range && range[0] < start && start <= range[2]) opening = range[0]
    },
  })
  return opening
}

/** What YAML knows and a cluster file does without. */
function oddities(document: Document): { offset: number; words: Words }[] {
  const found = new Map<string, { offset: number; words: Words }>()
  visit(document, {
    Alias: (_key, { range, source }) => {
      const words: Words = [`the alias *${source}`, 'the value, written out']
      if (found.has(source)) return
      found.set(source, { offset: range?.[0] ?? 0, words })
    },
    Scalar: (_key, { range, value }) => {
      if (typeof value !== 'number' || Number.isFinite(value)) return
      const offset = range?.[0] ?? 0
      found.set(`${offset}`, { offset, words: [`${value}`, 'a finite number'] })
    },
  })
  return [...found.values()]
}

/** Where the value of a path starts, or the nearest value around it. */
function offsetOf(document: Document, path: Path, key = false): number {
  let node: unknown = document.contents
  let offset = startOf(node) ?? 0
  for (const [depth, step] of path.entries()) {
    const last = depth === path.length - 1
    if (isMap(node)) {
      const pair = node.items.find(
        (item) => isScalar(item.key) && String(item.key.value) === step,
      )
      node = key && last ? pair?.key : (pair?.value ?? pair?.key)
    } else {
      node = isSeq(node) ? node.items[Number(step)] : undefined
    }
    offset = startOf(node) ?? offset
  }
  return offset
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined
}

function isDeeper(value: unknown, most: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (most === 0) return true
  return Object.values(value).some((item) => isDeeper(item, most - 1))
}

function valueAt(data: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, step) => {
    if (typeof value !== 'object' || value === null) return undefined
    return Object.hasOwn(value, step) ? Reflect.get(value, step) : undefined
  }, data)
}

function showPath(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`
    const plain = /^[A-Za-z][\w-]*$/.test(step)
    if (!plain) return `${text}[${JSON.stringify(step)}]`
    return text ? `${text}.${step}` : step
  }, '')
}
