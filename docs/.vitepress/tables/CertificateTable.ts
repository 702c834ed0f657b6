import type { CertificateEntry } from '../../../test/reference/certificates.ts'
import { code, table } from '../data/markdown.ts'
import { reference } from '../data/reference.ts'

/**
 * What an authority signed.
 *
 * @param attributes `authority`: common name of one; without it, the
 * authorities themselves
 */
export function CertificateTable({
  authority,
}: {
  authority?: string
} = {}): string {
  const all = reference('certificates')
  if (!authority) {
    return table(
      ['Authority', 'Lives', 'Its key is on'],
      all
        .filter(({ isAuthority }) => isAuthority)
        .map((one) => [code(one.commonName), lifetime(one), places(one)]),
    )
  }
  const signed = all.filter(
    ({ isAuthority, issuer }) => !isAuthority && issuer === authority,
  )
  if (signed.length === 0) throw new Error(`${authority} signed nothing`)
  return table(
    ['Certificate', 'Names and addresses (SAN)', 'Usage, and where its key is'],
    signed.map((one) => [
      [
        `**${code(one.file.replace(/.*\//, ''))}**`,
        `CN ${code(one.commonName)}`,
        ...one.organizations.map((name) => `O ${code(name)}`),
      ].join('<br>'),
      [...one.names, ...one.addresses].map(shown).join(' ') || 'none',
      `${one.usages.join(' and ')}, ${lifetime(one)}<br>key: ${places(one)}`,
    ]),
  )
}

/** NAME and ADDRESS are those of the machine; a phrase is no code. */
function shown(name: string): string {
  return name.includes(' ') ? `<br>and the ${name}` : code(name)
}

function lifetime({ days }: CertificateEntry): string {
  return `${days}\u00a0days`
}

function places({ keyOn }: CertificateEntry): string {
  if (keyOn.length === 0) return 'no machine'
  return keyOn.map(code).join(' ')
}
