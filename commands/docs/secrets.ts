import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { GuideError } from '../../lib/errors.ts'

const shapes: Readonly<Record<string, RegExp>> = {
  'a private key': /PRIVATE KEY/,
  'a bootstrap token': /\b(?=[a-z\d.]*\d)[a-z\d]{6}\.[a-z\d]{16}\b/,
  'a signed token': /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}/,
  'a key in a kubeconfig': /client-key-data|\btoken: *\S{16}/,
  'a password': /\b(?:password|secret): *["']?[A-Za-z0-9+/]{20}/i,
}

/**
 * All that must stay in a cluster's state folder: every long word of each
 * file there, but for certificates and public keys.
 *
 * @param directory the state folder
 */
export function secretWords(directory: string): Set<string> {
  const open = /\.(crt|pub|json|log)$|^known_hosts$|^identity$|\.yaml$/
  const words = new Set<string>()
  const keep = (text: string) => {
    for (const [word] of text.matchAll(/[A-Za-z0-9+/]{32,}={0,2}/g)) {
      words.add(word)
    }
  }
  for (const path of globSync('**/*', { cwd: directory })) {
    const file = join(directory, path)
    if (path.endsWith('.key') || path.startsWith('ssh/id_')) {
      if (!path.endsWith('.pub')) keep(readText(file))
    } else if (path.endsWith('.yaml')) {
      for (const line of readText(file).split('\n')) {
        if (/^\s*(- )?(client-key-data|secret|token):/.test(line)) keep(line)
      }
    } else if (!open.test(path)) {
      keep(readText(file))
    }
  }
  return words
}

/**
 * Refuses output that holds what must never be published. The error does not
 * repeat it.
 *
 * @param what says where the output came from
 * @param secrets from {@link secretWords}
 * @throws {GuideError}
 * @example
 * refuseSecrets('docs/steps/05-etcd.md:40', output, secrets)
 */
export function refuseSecrets(
  what: string,
  output: string,
  secrets: ReadonlySet<string>,
): void {
  const refuse = (found: string, at: number) => {
    throw new GuideError(
      `${what}: line ${at + 1} of its output holds ${found}: not recorded`,
      ['have it print less, or the page show something else'],
    )
  }
  for (const [at, line] of output.split('\n').entries()) {
    for (const [found, shape] of Object.entries(shapes)) {
      if (shape.test(line)) refuse(found, at)
    }
    for (const [word] of line.matchAll(/[A-Za-z0-9+/]{32,}={0,2}/g)) {
      if (secrets.has(word)) refuse('a secret of this cluster', at)
    }
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return '' // a folder
  }
}
