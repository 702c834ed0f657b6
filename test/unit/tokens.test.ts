import { verify } from 'node:crypto'
import { expect, it } from 'vitest'
import { createKeyPair } from '../../lib/pki.ts'
import { claimsOf, signToken } from '../../lib/tokens.ts'

const claims = { iss: 'https://kubernetes.default.svc', sub: 'größe', exp: 1 }

it('a token says what was put into it', async () => {
  const { privateKey } = await createKeyPair()
  expect(claimsOf(signToken(claims, privateKey))).toEqual(claims)
})

it('a token is signed by the key, over all that it says', async () => {
  const { privateKey, publicKey } = await createKeyPair()
  const token = signToken(claims, privateKey)
  const [header = '', body, signature = ''] = token.split('.')
  const valid = (said: string) =>
    verify(
      'RSA-SHA256',
      Buffer.from(said),
      publicKey,
      Buffer.from(signature, 'base64url'),
    )
  expect(valid(`${header}.${body}`)).toBe(true)
  expect(valid(`${header}.${body}x`)).toBe(false)
  expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toEqual({
    alg: 'RS256',
    typ: 'JWT',
  })
})
