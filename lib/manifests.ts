import { parseAllDocuments } from 'yaml'
import type { Manifest } from './kubernetes.ts'
import { text } from './text.ts'

/**
 * Reads manifests as `kubectl apply -f` would: YAML 1.1, several with `---`
 * between them. Values are inserted as they are, before it is read.
 *
 * @throws {YAMLParseError} with the line that is no YAML
 * @example
 * manifests`
 *   apiVersion: v1
 *   kind: Namespace
 *   metadata: { name: ${name} }
 * `
 */
export function manifests(
  strings: TemplateStringsArray,
  ...values: (string | number)[]
): Manifest[] {
  const documents = parseAllDocuments(text(strings, ...values), {
    version: '1.1',
  })
  return [...documents].map((document) => {
    for (const error of document.errors) throw error
    return document.toJS() as Manifest
  })
}
