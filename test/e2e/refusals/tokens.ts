import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { createKeyPair } from '../../../lib/pki.ts'
import { claimsOf, signToken } from '../../../lib/tokens.ts'
import { type Ground, namespace, path, places } from './ground.ts'

/** Tokens that look right, and are not. */
export function tokensAreChecked(ground: () => Ground): void {
  const whoAmI = 'POST /apis/authentication.k8s.io/v1/selfsubjectreviews'
  const body = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'SelfSubjectReview',
  }
  const statusOf = async (token: string) =>
    (await ground().asks({ token }, whoAmI, { body })).status

  /** A token of an account, bound to an object if one is named. */
  async function tokenFor(account: string, bound?: object): Promise<string> {
    const { status } = await ground().api.send(
      'POST',
      `${path}/serviceaccounts/${account}/token`,
      {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: { boundObjectRef: bound },
      },
    )
    return status.token
  }

  /** Tokens that are right, and others that are wrong in one thing each. */
  async function examples() {
    const { operator, taken } = ground()
    const token = await tokenFor(`pod-on-${taken.name}`)
    const key = operator.read('pki/service-account.key')
    const claims = claimsOf(token)
    const other = await createKeyPair()
    // Clocks may differ by a minute.
    const now = Math.floor(Date.now() / 1000)
    const wrong = {
      'another issuer': signToken({ ...claims, iss: 'https://a.test' }, key),
      'another issuer and key': signToken(
        { ...claims, iss: 'https://a.test' },
        other.privateKey,
      ),
      'another key': signToken(claims, other.privateKey),
      'another audience': signToken({ ...claims, aud: ['a.test'] }, key),
      'it has ended': signToken({ ...claims, exp: now - 90 }, key),
      'it has not begun': signToken({ ...claims, nbf: now + 3600 }, key),
      'no signature': withoutSignature(claims),
      'the public key as a password': signedWithPassword(
        claims,
        operator.read('pki/service-account.pub'),
      ),
      'one letter is another': token.replace(/.$/, (it) =>
        it === 'A' ? 'Q' : 'A',
      ),
      'nothing that was ever signed': 'a.b.c',
    }
    return { right: [token, signToken(claims, key)], wrong }
  }

  test('a token counts if this cluster signed it, for itself', async () => {
    const { right, wrong } = await examples()
    for (const token of right) expect(await statusOf(token)).toBe(201)
    for (const [what, token] of Object.entries(wrong)) {
      expect(await statusOf(token), what).toBe(401)
    }
  })

  test.each(places)('%s gets nowhere with a wrong token', async (place) => {
    const { from, server } = ground()
    const ask = async (token: string) =>
      (await from[place].ask(`${server}/api`, { token })).status
    const { right, wrong } = await examples()
    for (const token of right) expect(await ask(token)).toBe(200)
    for (const [what, token] of Object.entries(wrong)) {
      expect(await ask(token), what).toBe(401)
    }
  })

  test('a token ends with the account and with the pod it is for', async () => {
    const { api, taken } = ground()
    const inside = (name: string) => ({ metadata: { name, namespace } })
    const account = {
      ...{ apiVersion: 'v1', kind: 'ServiceAccount' },
      ...inside('short-lived'),
    }
    const secret = { apiVersion: 'v1', kind: 'Secret', ...inside('bound-to') }
    await api.apply(account)
    await api.apply(secret)
    const ofAccount = await tokenFor('short-lived')
    const ofSecret = await tokenFor(`pod-on-${taken.name}`, {
      ...{ apiVersion: 'v1', kind: 'Secret', name: 'bound-to' },
    })
    expect(await statusOf(ofAccount)).toBe(201)
    expect(await statusOf(ofSecret)).toBe(201)
    await api.delete(account)
    await api.delete(secret)
    // The API server remembers for ten seconds that a token was right.
    const patience = { timeout: 20_000, interval: 500 }
    await expect.poll(() => statusOf(ofAccount), patience).toBe(401)
    await expect.poll(() => statusOf(ofSecret), patience).toBe(401)
  })

  test('the token in a pod ends within an hour or so', async () => {
    const { api, taken, from, server } = ground()
    // Read as the kubelet put it there: this is the one that leaks.
    const pod = await api.get(`${path}/pods/${taken.name}`)
    const file =
      `/var/lib/kubelet/pods/${pod?.metadata.uid}/volumes` +
      '/kubernetes.io~projected'
    const token = await taken.read`cat ${file}/*/token`
    const { exp, iat } = claimsOf(token) as { exp: number; iat: number }
    expect(exp - iat).toBeLessThan(2 * 3600)
    const ask = async (path: string) =>
      (await from['a pod'].ask(server + path, { token })).status
    expect(await ask('/api')).toBe(200)
    expect(await ask(`${path}/secrets`)).toBe(403)
    expect(await ask(`${path}/pods`)).toBe(403)
  })
}

const encoded = (part: object) =>
  Buffer.from(JSON.stringify(part)).toString('base64url')

function withoutSignature(claims: object): string {
  return `${encoded({ alg: 'none', typ: 'JWT' })}.${encoded(claims)}.`
}

// Known to everybody, and no password: some libraries took it for one.
function signedWithPassword(claims: object, password: string): string {
  const said = `${encoded({ alg: 'HS256', typ: 'JWT' })}.${encoded(claims)}`
  const signature = createHmac('sha256', password).update(said)
  return `${said}.${signature.digest('base64url')}`
}
