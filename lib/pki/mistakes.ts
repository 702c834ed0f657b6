import type { KeyObject, X509Certificate } from 'node:crypto'
import type { Identity, Pair } from '../pki.ts'
import { type Description, describe } from './description.ts'
import { canonicalAddress } from './names.ts'
import { readCertificate, readKey } from './read.ts'

/**
 * What is wrong with a pair. A new pair from the same authority cures all
 * but two: `other-authority` means that somebody else made it, and
 * overwriting it would hide that; `not-an-authority` has no cure here.
 */
export type MistakeKind =
  | 'unreadable'
  | 'other-key'
  | 'other-authority'
  | 'not-an-authority'
  | 'not-yet-valid'
  | 'expired'
  | 'expires-soon'
  | 'common-name'
  | 'organizations'
  | 'names'
  | 'usages'

/** One way in which a certificate is not what it should be. */
export interface Mistake {
  readonly kind: MistakeKind
  /** Half a sentence that follows the name of a file: 'expired on …'. */
  readonly message: string
}

interface Clock {
  /** @default the time of the call */
  readonly now?: Date
  /**
   * How many days before its end a certificate counts as ending. Of a
   * certificate with a short life, at most the last fifth counts.
   *
   * @default 30
   */
  readonly soonDays?: number
}

/**
 * Lists every reason why a pair cannot be used as it is. None means: use it.
 *
 * A certificate that ends together with its authority is not reported as
 * ending soon: a new one would end on the same day. The authority is.
 *
 * @param pair a leaf, read from a file, of any content
 * @param options.authority certificate (PEM) of the authority that should
 * have signed it
 * @param options.wanted who it should speak for; order and case of names do
 * not matter
 * @throws GuideError when the authority's certificate cannot be read or a
 * wanted address is none
 * @example
 * const mistakes = mistakesOf(pair, {
 *   authority: authority.certificate,
 *   wanted: { commonName: 'admin', usages: ['client'] },
 * })
 * if (mistakes.some(({ kind }) => kind === 'other-authority')) refuse()
 * if (mistakes.length > 0) pair = await issue(…)
 */
export function mistakesOf(
  pair: Pair,
  options: { readonly authority: string; readonly wanted: Identity } & Clock,
): Mistake[] {
  const authority = readCertificate(options.authority)
  return mistakesIn(pair, (found) => [
    ...mistakeOfSignature(found, authority),
    ...mistakesOfDates(found.description, options, authority.validToDate),
    ...mistakesOfIdentity(found.description, options.wanted),
  ])
}

/**
 * Lists every reason why a pair cannot be used as an authority.
 *
 * @param pair an authority, read from a file, of any content; its key may be
 * kept elsewhere
 * @throws never: whatever the texts hold is a mistake in the list
 * @example
 * mistakesOfAuthority(pair, { commonName: 'etcd-ca' })
 */
export function mistakesOfAuthority(
  pair: { certificate: string; key?: string | undefined },
  options: { readonly commonName: string } & Clock,
): Mistake[] {
  return mistakesIn(pair, ({ description }) => [
    ...(description.isAuthority
      ? []
      : [mistake('not-an-authority', 'may not sign others (CA:FALSE)')]),
    ...mistakesOfDates(description, options),
    ...mistakeOfCommonName(description, options.commonName),
  ])
}

const day = 24 * 60 * 60 * 1000

interface Found {
  certificate: X509Certificate
  description: Description
}

function mistakesIn(
  pair: { certificate: string; key?: string | undefined },
  look: (found: Found) => Mistake[],
): Mistake[] {
  let certificate: X509Certificate
  let key: KeyObject | undefined
  try {
    certificate = readCertificate(pair.certificate)
    key = pair.key === undefined ? undefined : readKey(pair.key)
  } catch (error) {
    return [mistake('unreadable', (error as Error).message)]
  }
  const found = { certificate, description: describe(pair.certificate) }
  const foreignKey =
    !key || certificate.checkPrivateKey(key)
      ? []
      : [mistake('other-key', 'key does not belong to the certificate')]
  return [...foreignKey, ...look(found)]
}

function mistakeOfSignature(
  { certificate, description }: Found,
  authority: X509Certificate,
): Mistake[] {
  // checkIssued compares names and key identifiers; verify, the signature.
  const signed =
    certificate.checkIssued(authority) &&
    certificate.verify(authority.publicKey)
  if (signed) return []
  return [
    mistake(
      'other-authority',
      `signed by another authority: found '${description.issuerCommonName}', ` +
        `wanted the one with the fingerprint ${authority.fingerprint256}`,
    ),
  ]
}

function mistakesOfDates(
  { notBefore, notAfter }: Description,
  { now = new Date(), soonDays = 30 }: Clock,
  authorityEnd?: Date,
): Mistake[] {
  if (now < notBefore) {
    const message = `not valid before ${time(notBefore)}: is the clock right?`
    return [mistake('not-yet-valid', message)]
  }
  if (now > notAfter)
    return [mistake('expired', `expired on ${time(notAfter)}`)]

  const left = notAfter.getTime() - now.getTime()
  const life = notAfter.getTime() - notBefore.getTime()
  const curable = !authorityEnd || notAfter < authorityEnd
  if (curable && left < Math.min(soonDays * day, life / 5)) {
    const days = Math.floor(left / day)
    const inDays = days === 1 ? '1 day' : `${days} days`
    const message = `expires in ${inDays}, on ${time(notAfter)}`
    return [mistake('expires-soon', message)]
  }
  return []
}

function mistakesOfIdentity(found: Description, wanted: Identity): Mistake[] {
  return [
    ...mistakeOfCommonName(found, wanted.commonName),
    ...difference(
      'organizations',
      found.organizations,
      wanted.organizations ?? [],
    ),
    ...difference(
      'names',
      [...found.dnsNames.map(lower), ...found.addresses],
      [
        ...(wanted.dnsNames ?? []).map(lower),
        ...(wanted.addresses ?? []).map(canonicalAddress),
      ],
    ),
    ...difference('usages', found.usages, wanted.usages),
  ]
}

function mistakeOfCommonName(found: Description, wanted: string): Mistake[] {
  if (found.commonName === wanted) return []
  const message = `common name is '${found.commonName}', wanted '${wanted}'`
  return [mistake('common-name', message)]
}

function difference(
  kind: MistakeKind,
  found: readonly string[],
  wanted: readonly string[],
): Mistake[] {
  const missing = [...new Set(wanted).difference(new Set(found))]
  const surplus = [...new Set(found).difference(new Set(wanted))]
  const parts = [
    missing.length > 0 && `missing ${missing.join(', ')}`,
    surplus.length > 0 && `not wanted ${surplus.join(', ')}`,
  ].filter(Boolean)
  if (parts.length === 0) return []
  return [mistake(kind, `${kind} differ: ${parts.join('; ')}`)]
}

function mistake(kind: MistakeKind, message: string): Mistake {
  return { kind, message }
}

function time(date: Date): string {
  return date.toISOString().replace('.000Z', 'Z')
}

function lower(text: string): string {
  return text.toLowerCase()
}
