import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { GuideError } from '../errors.ts'

/**
 * Parses a certificate.
 *
 * @param pem one certificate; of a bundle, the first is read
 * @throws GuideError when the text is no certificate
 * @example
 * readCertificate(pair.certificate).checkIP('10.30.0.1')
 */
export function readCertificate(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch (cause) {
    throw new GuideError(
      `Cannot read a certificate: found ${firstLine(pem)}, wanted PEM: ` +
        '-----BEGIN CERTIFICATE-----, base64, -----END CERTIFICATE-----',
      [],
      cause,
    )
  }
}

/**
 * Parses a private key.
 *
 * @param pem PKCS#8 or PKCS#1, without passphrase
 * @throws GuideError when the text is no such key; it quotes none of it
 * @example
 * readKey(pair.key).asymmetricKeyType // 'rsa'
 */
export function readKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch (cause) {
    throw new GuideError(
      'Cannot read a private key: wanted PEM without passphrase: ' +
        '-----BEGIN PRIVATE KEY-----, base64, -----END PRIVATE KEY-----',
      [],
      cause,
    )
  }
}

function firstLine(text: string): string {
  const line = text.trim().split('\n')[0] ?? ''
  // The two files of a pair may have been swapped.
  if (line.includes('PRIVATE KEY')) return 'a private key'
  return line === '' ? 'nothing' : `'${line.slice(0, 40)}'`
}
