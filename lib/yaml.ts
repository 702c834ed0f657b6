import { Document, visit } from 'yaml'

/**
 * Renders a value as YAML that reads the same everywhere: two spaces, keys
 * in the order given, no folded lines, no anchors, text of several lines as
 * a literal block. Keys whose value is `undefined` are left out, so an
 * optional field is written as `key: condition ? value : undefined`.
 *
 * A string stays a string for every reader: Kubernetes reads YAML 1.1, where
 * a bare `yes`, `off`, `0755`, `1_000` or `10:20` is no text. Whatever either
 * version of YAML takes for a number, boolean, date or null is quoted.
 *
 * @param value objects, arrays, strings, finite numbers, booleans, null
 * @returns the document, ending in a newline
 * @throws Error when the value holds what YAML or Kubernetes cannot: a
 * function, NaN, an infinite number, `undefined` in a list, bytes, a date,
 * a character that go-yaml refuses
 * @example
 * yaml({ port: 6443, version: '1.37', tls: undefined })
 * // port: 6443
 * // version: "1.37"
 * @see https://yaml.org/type/bool.html and its neighbours (int, float)
 */
export function yaml(value: unknown): string {
  refuseOddities(value, '')
  const document = new Document(value, {
    compat: 'yaml-1.1',
    // The same object used twice is written twice: an anchor saves bytes and
    // costs the reader a search.
    aliasDuplicateObjects: false,
  })
  visit(document, {
    Scalar: (_, scalar) => {
      const text = scalar.value
      if (typeof text === 'string' && misread.some((kind) => kind.test(text))) {
        scalar.type = 'QUOTE_DOUBLE'
      }
    },
  })
  // Folding would put line breaks into flags and base64 data.
  return document.toString({ lineWidth: 0, blockQuote: 'literal' })
}

/**
 * Renders several documents into one text, as `kubectl apply -f` reads them.
 *
 * @param values one value per document, in the order given
 * @returns the documents, separated by `---`
 * @throws Error as {@link yaml}
 * @example
 * yamlDocuments([namespace, deployment, service])
 */
export function yamlDocuments(values: readonly unknown[]): string {
  return values.map(yaml).join('---\n')
}

// What go-yaml, the reader in Kubernetes, takes for something else though
// both versions of YAML call it text.
const misread = [
  // 0X1F, 0B1
  /^[-+]?_*0_*[xob][-+]?[0-9a-f_]+$/i,
  // -_1, 1_.5
  /^[-+]?(?=[_.]*[0-9])[0-9_]*\.?[0-9_]*(e[-+]?[0-9_]+)?$/i,
  // A block whose first line starts with a tab: taken for indentation.
  /^\n*\t/,
]

// go-yaml refuses them, or takes them for the end of a line.
const unreadable = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff\p{Cs}]/u

function refuseOddities(value: unknown, path: string): void {
  if (Array.isArray(value)) {
    value.forEach((item, index) => {
      if (item === undefined) refuse('undefined', `${path}[${index}]`)
      refuseOddities(item, `${path}[${index}]`)
    })
  } else if (value instanceof Date || ArrayBuffer.isView(value)) {
    refuse(value.constructor.name, path)
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      refuseOddities(key, `the key ${JSON.stringify(key)}`)
      refuseOddities(item, path ? `${path}.${key}` : key)
    }
  } else if (typeof value === 'function' || typeof value === 'symbol') {
    refuse(typeof value, path)
  } else if (typeof value === 'number' && !Number.isFinite(value)) {
    refuse(String(value), path)
  } else if (typeof value === 'string') {
    const code = unreadable.exec(value)?.[0].codePointAt(0)
    if (code) refuse(`the character U+${hex(code)}`, path)
  }
}

function hex(code: number): string {
  return code.toString(16).toUpperCase().padStart(4, '0')
}

function refuse(found: string, path: string): never {
  throw new Error(
    `Cannot render YAML: found ${found} at ${path || 'the top'}; allowed are ` +
      'objects, lists, printable strings, finite numbers, booleans and null',
  )
}
