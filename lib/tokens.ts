import { sign } from 'node:crypto'

/** What a token says about its bearer. */
export type Claims = Record<string, unknown>

/**
 * Reads what a JSON Web Token says, without asking whether it is true.
 *
 * @example
 * claimsOf(token).iss // 'https://kubernetes.default.svc.cluster.local'
 * @see https://www.rfc-editor.org/rfc/rfc7519
 */
export function claimsOf(token: string): Claims {
  const [, claims = ''] = token.split('.')
  return JSON.parse(Buffer.from(claims, 'base64url').toString())
}

/**
 * Signs claims as the API server signs those of service accounts (RS256).
 *
 * @param key private RSA key, PEM
 * @example
 * signToken({ ...claimsOf(token), iss: 'https://elsewhere.test' }, key)
 * @see https://www.rfc-editor.org/rfc/rfc7515#appendix-A.2
 */
export function signToken(claims: Claims, key: string): string {
  const said = [{ alg: 'RS256', typ: 'JWT' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  const signature = sign('sha256', Buffer.from(said), key)
  return `${said}.${signature.toString('base64url')}`
}
