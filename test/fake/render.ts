import { describe } from '../../lib/pki.ts'
import type { Change } from './world.ts'

/**
 * Masks what is random or secret: certificates are described by what they
 * say, keys and tokens are named.
 *
 * @example
 * mask(kubeconfig) // … client-key-data: (private key)
 */
export function mask(text: string): string {
  return text
    .replace(/-----BEGIN ([\w ]+)-----[\s\S]*?-----END \1-----/g, pem)
    .replace(/\b[A-Za-z0-9+/]{200,}={0,2}/g, (data) => {
      const decoded = Buffer.from(data, 'base64').toString()
      return decoded.startsWith('-----BEGIN') ? mask(decoded).trim() : data
    })
    .replace(uuid, '(random)')
    .replace(/\b[a-z0-9]{6}\.[a-z0-9]{16}\b/g, '(token)')
    .replace(/(secret sha256:)[0-9a-f]+…/g, '$1(random)')
    .replace(/\bbootstrap-token-[0-9a-f]{6}\b/g, 'bootstrap-token-(random)')
    .replace(/(token-id: ).*/g, '$1(random)')
    .replace(/(token-secret: ).*/g, '$1(secret)')
    .replace(/(secret: )\S{40,}/g, '$1(secret)')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '(time)')
}

const uuid = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g

function pem(whole: string, kind: string): string {
  if (kind !== 'CERTIFICATE') return `(${kind.toLowerCase()})`
  // It may stand in a diff, or be indented.
  const lines = whole
    .split('\n')
    .map((line) => line.replace(/^\s+[|+-]? ?/, ''))
  return `(${certificate(lines.join('\n'))})`
}

/** Says in one line what a certificate says. */
export function certificate(text: string): string {
  const said = describe(text)
  const days = Math.round(
    (said.notAfter.getTime() - said.notBefore.getTime()) / 86_400_000,
  )
  return [
    `certificate of ${said.commonName}`,
    ...(said.organizations.length ? [`in ${said.organizations}`] : []),
    ...(said.isAuthority ? ['an authority'] : [`by ${said.issuerCommonName}`]),
    ...(said.usages.length ? [`as ${said.usages.join(' and ')}`] : []),
    ...(said.dnsNames.length ? [`for ${said.dnsNames.join(' ')}`] : []),
    ...(said.addresses.length ? [`at ${said.addresses.join(' ')}`] : []),
    `${days} days`,
  ].join(', ')
}

/** What was done on one machine, or in the API, to be read by people. */
export function renderChanges(changes: readonly Change[], on: string): string {
  const texts = changes
    .filter((change) => change.on === on)
    .map(({ text }) => mask(text).replace(/[ \t]+$/gm, ''))
  if (texts.length === 0) return 'nothing'
  if (on !== 'API') return texts.join('\n')
  // Machines are done at once, and whose turn comes first is chance.
  const times = Map.groupBy(texts.toSorted(), (text) => text)
  return [...times]
    .map(([text, { length }]) =>
      length > 1 ? `${length} times ${text}` : text,
    )
    .join('\n')
}

/** Files of the state folder, and what each of them is. */
export function renderState(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): string {
  const kept = Object.keys(after).filter(
    (path) => before[path] !== after[path] && !bookkeeping.includes(path),
  )
  const gone = Object.keys(before).filter((path) => !(path in after))
  const texts = [
    ...gone.map((path) => `remove ${path}`),
    ...kept.map((path) => {
      const lines = mask(after[path] ?? '').trimEnd()
      return `write ${path}\n${lines.replace(/^/gm, '  | ')}`
    }),
  ]
  return texts.length === 0 ? 'nothing' : texts.join('\n')
}

// Every step writes them.
const bookkeeping = ['steps.json', 'identity', 'lock']

/** Private keys and other secrets, as they could turn up in an output. */
export function secretsIn(state: Readonly<Record<string, string>>): string[] {
  const keys = Object.entries(state)
    .filter(([path]) => path.endsWith('.key'))
    .flatMap(([, key]) => {
      const [, line = ''] = key.split('\n')
      const inBase64 = Buffer.from(key).toString('base64')
      return [line.slice(0, 40), inBase64.slice(60, 120)]
    })
  const encryption = /secret: (\S+)/.exec(state['encryption.yaml'] ?? '')?.[1]
  return [...keys, ...(encryption ? [encryption] : [])]
}
