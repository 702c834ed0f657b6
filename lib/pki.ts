import { createPublicKey, generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'
import { GuideError } from './errors.ts'
import type { Contents } from './pki/certify.ts'
import { describe } from './pki/description.ts'
import { alternativeNames } from './pki/names.ts'
import { readCertificate, readKey } from './pki/read.ts'

export { type Description, describe } from './pki/description.ts'
export {
  type Mistake,
  type MistakeKind,
  mistakesOf,
  mistakesOfAuthority,
} from './pki/mistakes.ts'
export { canonicalAddress, canonicalName } from './pki/names.ts'

/** A certificate and the private key that belongs to it, both PEM. */
export interface Pair {
  readonly certificate: string
  readonly key: string
}

/** Which side of a connection a certificate is for. */
export type Usage = 'client' | 'server'

/** Who a certificate speaks for, and in which role. */
export interface Identity {
  /** For Kubernetes, the name of the user. */
  readonly commonName: string
  /** For Kubernetes, the groups of the user. */
  readonly organizations?: readonly string[]
  readonly dnsNames?: readonly string[]
  /** IPv4 and IPv6; clients that dial an address look nowhere else. */
  readonly addresses?: readonly string[]
  readonly usages: readonly Usage[]
}

/** How long a certificate is valid, and from when. */
export interface Lifetime {
  /** Days from now, above 0 and at most 36500; fractions are allowed. */
  readonly days: number
  /** @default the time of the call */
  readonly now?: Date
}

/**
 * Makes a certificate authority: an RSA key of 2048 bits and a certificate
 * that it signs for itself. It may sign leaves and further authorities: no
 * path length is set, so that a new authority can later be signed by the old
 * one while a cluster moves from one to the other.
 *
 * @param wanted.key the key, if there is one already; default a new one
 * @throws GuideError when the name is empty or the lifetime out of range
 * @example
 * const authority = await createAuthority({
 *   commonName: 'etcd-ca',
 *   days: 3650,
 * })
 * @see https://kubernetes.io/docs/setup/best-practices/certificates/
 * @see https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.9
 */
export async function createAuthority(
  wanted: {
    readonly commonName: string
    readonly key?: string | undefined
  } & Lifetime,
): Promise<Pair> {
  const lifetime = lifetimeOf(wanted)
  requireName(wanted.commonName)
  const key = wanted.key ?? (await createKeyPair()).privateKey
  const certificate = await certify({
    commonName: wanted.commonName,
    publicKey: publicKeyOf(key),
    ...lifetime,
    extensions: [
      { name: 'basicConstraints', critical: true, cA: true },
      {
        name: 'keyUsage',
        critical: true,
        keyCertSign: true,
        cRLSign: true,
        digitalSignature: true,
      },
    ],
    signingKey: key,
  })
  return { certificate, key }
}

/**
 * Makes a key and has an authority sign a certificate for it. The
 * certificate never outlives the authority: nobody would accept it then, and
 * its own date should say so.
 *
 * Call it for many certificates at once: keys are made on the thread pool,
 * and making them is nearly all of the time.
 *
 * @throws GuideError when the identity cannot be written into a certificate,
 * the lifetime is out of range, or the authority cannot sign: no authority,
 * expired, its key belongs to another certificate, not RSA
 * @example
 * const pair = await issue({
 *   authority,
 *   commonName: 'kube-apiserver',
 *   dnsNames: ['kubernetes', 'kubernetes.default.svc'],
 *   addresses: ['10.30.0.1', '127.0.0.1'],
 *   usages: ['server'],
 *   days: 365,
 * })
 * @see https://kubernetes.io/docs/setup/best-practices/certificates/
 * @see https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1
 */
export async function issue(
  wanted: { readonly authority: Pair } & Identity & Lifetime,
): Promise<Pair> {
  const { authority, commonName, organizations } = wanted
  requireName(commonName)
  for (const organization of organizations ?? []) requireName(organization)
  const lifetime = lifetimeOf(wanted, authority)
  const altNames = alternativeNames(wanted)
  if (wanted.usages.length === 0) {
    throw new GuideError(
      `Cannot make a certificate for '${commonName}': found no usage, wanted ` +
        'client, server or both',
    )
  }
  if (wanted.usages.includes('server') && altNames.length === 0) {
    throw new GuideError(
      `Cannot make a server certificate for '${commonName}': found no DNS ` +
        'name and no address; clients ignore the common name',
    )
  }

  const { privateKey, publicKey } = await createKeyPair()
  const certificate = await certify({
    commonName,
    organizations,
    publicKey,
    ...lifetime,
    extensions: [
      { name: 'basicConstraints', critical: true, cA: false },
      {
        name: 'keyUsage',
        critical: true,
        digitalSignature: true,
        keyEncipherment: true,
      },
      {
        name: 'extKeyUsage',
        clientAuth: wanted.usages.includes('client'),
        serverAuth: wanted.usages.includes('server'),
      },
      ...(altNames.length > 0 ? [{ name: 'subjectAltName', altNames }] : []),
    ],
    issuer: authority.certificate,
    signingKey: authority.key,
  })
  return { certificate, key: privateKey }
}

/**
 * Makes an RSA key of 2048 bits, PEM (PKCS#8 and SubjectPublicKeyInfo): what
 * the API server signs service-account tokens with and verifies them by.
 *
 * @example
 * const { privateKey, publicKey } = await createKeyPair()
 * @see https://kubernetes.io/docs/reference/access-authn-authz/authentication/
 * (service account tokens)
 */
export function createKeyPair(): Promise<{
  privateKey: string
  publicKey: string
}> {
  return promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
}

/**
 * The public half of a private key, both PEM.
 *
 * @throws GuideError when the text is no private key
 * @example
 * publicKeyOf(operator.read('pki/service-account.key'))
 */
export function publicKeyOf(privateKey: string): string {
  const half = createPublicKey(readKey(privateKey))
  return half.export({ type: 'spki', format: 'pem' }).toString()
}

async function certify(contents: Contents): Promise<string> {
  // Loaded when the first certificate is made: a run that only reads what is
  // there does not wait for node-forge.
  const module = await import('./pki/certify.ts')
  return module.certify(contents)
}

function requireName(name: string): void {
  if (name.trim() !== '') return
  throw new GuideError(
    `Cannot make a certificate: found the name '${name}', wanted a common ` +
      'name and organizations that are not empty',
  )
}

const minute = 60_000
const day = 24 * 60 * minute

function lifetimeOf(
  { days, now = new Date() }: Lifetime,
  authority?: Pair,
): { notBefore: Date; notAfter: Date } {
  if (!(days > 0 && days <= 36_500)) {
    throw new GuideError(
      `Cannot make a certificate for ${days} days: allowed is more than 0 ` +
        'and at most 36500',
    )
  }
  // Clocks differ. The machines' check allows 30 seconds, so a certificate
  // valid from this very second is "not yet valid" on a machine that is
  // behind. Five minutes also cover a machine that drifts afterwards.
  const notBefore = new Date(now.getTime() - 5 * minute)
  const notAfter = new Date(now.getTime() + days * day)
  if (!authority) return { notBefore, notAfter }

  const end = requireAuthority(authority, now)
  return { notBefore, notAfter: notAfter < end ? notAfter : end }
}

/** When the authority ends. */
function requireAuthority(authority: Pair, now: Date): Date {
  const { commonName, isAuthority, notAfter } = describe(authority.certificate)
  const refuse = (why: string) => {
    throw new GuideError(
      `Cannot sign with the authority '${commonName}': ${why}`,
    )
  }
  const key = readKey(authority.key)
  if (!isAuthority) refuse('its certificate may not sign others (CA:FALSE)')
  if (notAfter <= now) refuse(`it expired on ${notAfter.toISOString()}`)
  if (key.asymmetricKeyType !== 'rsa') {
    refuse(`its key is ${key.asymmetricKeyType}, wanted RSA`)
  }
  if (!readCertificate(authority.certificate).checkPrivateKey(key)) {
    refuse('its key does not belong to its certificate')
  }
  return notAfter
}
