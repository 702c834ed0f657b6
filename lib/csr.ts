import forge from 'node-forge'
import { GuideError } from './errors.ts'

/**
 * Reads for whom a certificate is asked. Only the name is looked at: keys of
 * any algorithm pass, and the signer checks the signature itself.
 *
 * @param request the field `spec.request` of a CertificateSigningRequest: PEM
 * (PKCS #10), in base64
 * @throws {GuideError} when it cannot be read
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
    const subject = (info?.value as forge.asn1.Asn1[])[1]
    const parts = readName(subject)
    const all = (oid: string | undefined) =>
      parts.filter(({ type }) => type === oid).map(({ value }) => String(value))
    return {
      commonName: all(forge.pki.oids.commonName)[0] ?? '',
      organizations: all(forge.pki.oids.organizationName),
    }
  } catch (cause) {
    throw new GuideError('Cannot read a request for a certificate', [], cause)
  }
}

// Missing from the types of forge, though part of its documented interface.
const { RDNAttributesAsArray: readName } = forge.pki as unknown as {
  RDNAttributesAsArray(name: unknown): { type: string; value: string }[]
}
