import forge from 'node-forge'
import { GuideError } from './errors.ts'

/**
 * Reads for whom a certificate is asked. Only the name is looked at: keys of
 * any algorithm pass, and the signer checks the signature itself.
 *
 * @param request the field `spec.request` of a CertificateSigningRequest: PEM
 * (PKCS #10), in base64
 * @throws {GuideError} when it cannot be read, or names nobody or several
 * @see https://www.rfc-editor.org/rfc/rfc2986#section-4
 * @example
 * subjectOf(csr.spec.request).commonName // 'system:node:worker-1'
 */
export function subjectOf(request: string): {
  commonName: string
  organizations: string[]
} {
  const pem = Buffer.from(request, 'base64').toString('latin1')
  try {
    const [message] = forge.pem.decode(pem)
    const outer = forge.asn1.fromDer(message?.body ?? '')
    // CertificationRequest { info { version, subject, … }, … }
    const info = (outer.value as forge.asn1.Asn1[])[0]
    const subject = (info?.value as forge.asn1.Asn1[] | undefined)?.[1]
    const parts = readName(subject)
    const all = (oid: string | undefined) =>
      parts.filter(({ type }) => type === oid).map(({ value }) => String(value))
    const names = all(forge.pki.oids.commonName)
    const [commonName] = names
    // Of several, readers differ on which one counts: Go takes the last.
    if (commonName === undefined || names.length > 1) {
      throw new Error(`found ${names.length} common names, wanted 1`)
    }
    return { commonName, organizations: all(forge.pki.oids.organizationName) }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new GuideError(
      `Cannot read a request for a certificate: ${why}`,
      [],
      cause,
    )
  }
}

// Missing from the types of forge, though part of its documented interface.
const { RDNAttributesAsArray: readName } = forge.pki as unknown as {
  RDNAttributesAsArray(name: unknown): { type: string; value: string }[]
}
