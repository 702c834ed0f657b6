// What a token proves: that it was signed by the key of this cluster, for its
// API server, and not too long ago.

import assert from 'node:assert/strict'
import { ask } from '../../lib/https.ts'
import type { Operator } from '../../lib/operator.ts'
import { createKeyPair } from '../../lib/pki.ts'
import type { LiveCluster } from '../../lib/step.ts'
import { claimsOf, signToken } from '../../lib/tokens.ts'

// #region tokens
/** Shows an API server the token of a pod, and others that are like it. */
export async function onlyTokenCounts(
  token: string,
  { controlPlanes, ports }: LiveCluster,
  operator: Operator,
) {
  const authority = operator.read('pki/cluster/ca.crt')
  const server = `https://${controlPlanes[0]?.address}:${ports.apiServer.port}`
  const url = `${server}/.well-known/openid-configuration`
  const statusFor = async (token: string) => {
    const headers = { ...(token && { authorization: `Bearer ${token}` }) }
    return (await ask(url, { authority, headers })).status
  }
  const key = operator.read('pki/service-account.key')
  const claims = claimsOf(token)
  assert.equal(await statusFor(token), 200, `${url}, shown the token`)
  const signed = await statusFor(signToken(claims, key))
  assert.equal(signed, 200, `${url}, shown what we have signed`)

  const stranger = await createKeyPair()
  const refused = {
    'no token': '',
    'another key': signToken(claims, stranger.privateKey),
    'another issuer': signToken({ ...claims, iss: 'https://a.test' }, key),
    'another audience': signToken({ ...claims, aud: ['b.test'] }, key),
    'a token of the past': signToken({ ...claims, exp: 1 }, key),
  }
  for (const [what, token] of Object.entries(refused)) {
    assert.equal(await statusFor(token), 401, `${url}, shown ${what}`)
  }
}
// #endregion tokens
