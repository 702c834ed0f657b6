import { canonicalAddress } from './names.ts'
import { readCertificate } from './read.ts'

/** What a certificate says about itself. */
export interface Description {
  commonName: string
  organizations: string[]
  dnsNames: string[]
  /** In the form of `canonicalAddress`. */
  addresses: string[]
  /** Extended key usages; one that Kubernetes does not use, by its OID. */
  usages: string[]
  /** Whether it may sign other certificates. */
  isAuthority: boolean
  notBefore: Date
  notAfter: Date
  issuerCommonName: string
  /** SHA-256 of the certificate: 32 pairs of hex digits with colons. */
  fingerprint256: string
  /** Hex digits. */
  serial: string
}

/**
 * Reads a certificate with OpenSSL, through Node.
 *
 * @param pem one certificate; of a bundle, the first is read
 * @throws GuideError when the text is no certificate
 * @example
 * describe(pair.certificate).notAfter
 */
export function describe(pem: string): Description {
  const certificate = readCertificate(pem)
  // Each field of the legacy object is the text itself, escaped by no rule,
  // and a list where the name has several of a kind.
  const { subject, issuer } = certificate.toLegacyObject()
  const { dnsNames, addresses } = alternativeNames(certificate.subjectAltName)
  return {
    commonName: list(subject?.CN)[0] ?? '',
    organizations: list(subject?.O),
    dnsNames,
    addresses,
    usages: (certificate.keyUsage ?? []).map((oid) => usageNames[oid] ?? oid),
    isAuthority: certificate.ca,
    notBefore: certificate.validFromDate,
    notAfter: certificate.validToDate,
    issuerCommonName: list(issuer?.CN)[0] ?? '',
    fingerprint256: certificate.fingerprint256,
    serial: certificate.serialNumber,
  }
}

// https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.12
const usageNames: Record<string, string> = {
  '1.3.6.1.5.5.7.3.1': 'server',
  '1.3.6.1.5.5.7.3.2': 'client',
}

function list(field: string | string[] | undefined): string[] {
  return field === undefined ? [] : [field].flat()
}

function alternativeNames(text = ''): {
  dnsNames: string[]
  addresses: string[]
} {
  const dnsNames: string[] = []
  const addresses: string[] = []
  // Node quotes, as JSON does, a name with a comma in it: without that, a
  // name could pass for two.
  const entries = text.matchAll(/([^:,]+):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/g)
  for (const [, kind, value = ''] of entries) {
    const name: string = value.startsWith('"') ? JSON.parse(value) : value
    if (kind === 'DNS') dnsNames.push(name)
    if (kind === 'IP Address') addresses.push(canonicalAddress(name))
  }
  return { dnsNames, addresses }
}
