import { sign as nativeSign, randomBytes, X509Certificate } from 'node:crypto'
import forge from 'node-forge'

/** What goes into a certificate, and who signs it. */
export interface Contents {
  commonName: string
  organizations?: readonly string[]
  /** The subject's public key, PEM (SubjectPublicKeyInfo). */
  publicKey: string
  notBefore: Date
  notAfter: Date
  /** X.509 extensions in the words of node-forge; key identifiers are added. */
  extensions: readonly object[]
  /** The authority's certificate; left out, the certificate signs itself. */
  issuer?: string
  /** The private key that signs, PEM. */
  signingKey: string
}

/**
 * Encodes and signs an X.509 v3 certificate, RSA with SHA-256.
 *
 * @returns the certificate as PEM
 * @example
 * certify({ commonName: 'etcd-ca', publicKey, signingKey, … })
 * @see https://www.rfc-editor.org/rfc/rfc5280#section-4.1
 */
export function certify(contents: Contents): string {
  const parent = contents.issuer
    ? forge.pki.certificateFromPem(contents.issuer)
    : undefined
  const subject = subjectOf(contents)

  const certificate = forge.pki.createCertificate()
  certificate.publicKey = forge.pki.publicKeyFromPem(contents.publicKey)
  certificate.serialNumber = randomSerial()
  certificate.validity.notBefore = contents.notBefore
  certificate.validity.notAfter = contents.notAfter
  certificate.setSubject(subject)
  certificate.setIssuer(parent ? nameOf(parent) : subject)
  certificate.setExtensions([
    ...contents.extensions,
    { name: 'subjectKeyIdentifier' },
    {
      name: 'authorityKeyIdentifier',
      keyIdentifier: parent ? keyIdentifierOf(parent) : true,
    },
  ])
  certificate.sign(
    nativeSigner(certificate, contents.signingKey),
    forge.md.sha256.create(),
  )
  // Node's writer, because forge's ends lines as Windows does.
  const bytes = der(forge.pki.certificateToAsn1(certificate))
  return new X509Certificate(bytes).toString()
}

/**
 * Forge would sign with big numbers in JavaScript, which takes some twenty
 * times as long as OpenSSL: it asks the key to sign, so it gets a key that
 * hands the encoded certificate to OpenSSL.
 */
function nativeSigner(
  certificate: forge.pki.Certificate,
  key: string,
): forge.pki.rsa.PrivateKey {
  const sign = () =>
    nativeSign('sha256', der(certificate.tbsCertificate), key).toString(
      'latin1',
    )
  return { sign } as unknown as forge.pki.rsa.PrivateKey
}

/**
 * 16 random octets. The first bits are 01: a 0, because a serial number must
 * not be negative; a 1, because DER allows no superfluous zeros in front.
 */
function randomSerial(): string {
  const bytes = randomBytes(16)
  bytes.writeUInt8((bytes.readUInt8(0) & 0x3f) | 0x40, 0)
  return bytes.toString('hex')
}

function subjectOf(contents: Contents): forge.pki.CertificateField[] {
  // UTF-8, because forge's default, PrintableString, has no `@`, `*` or `_`
  // and forge does not check.
  const valueTagClass = forge.asn1.Type.UTF8 as unknown as forge.asn1.Class
  return [
    // Kubernetes reads each organization as a group: one attribute each.
    ...(contents.organizations ?? []).map((value) => ({
      name: 'organizationName',
      value,
      valueTagClass,
    })),
    { name: 'commonName', value: contents.commonName, valueTagClass },
  ]
}

/**
 * An issuer must be, octet by octet, the subject of the authority. Forge
 * reads UTF-8 as octets but writes it from characters.
 */
function nameOf(parent: forge.pki.Certificate): forge.pki.CertificateField[] {
  return parent.subject.attributes.map((attribute) =>
    Number(attribute.valueTagClass) === forge.asn1.Type.UTF8
      ? { ...attribute, value: forge.util.decodeUtf8(String(attribute.value)) }
      : attribute,
  )
}

/**
 * The authority's own identifier, not one computed again: Go 1.25 and OpenSSL
 * make it in different ways, and the two certificates have to agree.
 */
function keyIdentifierOf(parent: forge.pki.Certificate): string {
  const extension = parent.getExtension('subjectKeyIdentifier') as
    | { subjectKeyIdentifier: string }
    | null
    | undefined
  return extension
    ? forge.util.hexToBytes(extension.subjectKeyIdentifier)
    : parent.generateSubjectKeyIdentifier().getBytes()
}

function der(asn1: forge.asn1.Asn1): Buffer {
  return Buffer.from(forge.asn1.toDer(asn1).getBytes(), 'latin1')
}
