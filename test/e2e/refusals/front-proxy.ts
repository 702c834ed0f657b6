import { expect, test } from 'vitest'
import { issue, type Pair } from '../../../lib/pki.ts'
import { type Ground, places } from './ground.ts'
import type { Who } from './vantage.ts'

/** Who says in a header that they are somebody else. */
export function headersAreNotBelieved(ground: () => Ground): void {
  const secrets = 'GET /api/v1/namespaces/kube-system/secrets'
  const headers = {
    'x-remote-user': 'kubernetes-super-admin',
    'x-remote-group': 'system:masters',
  }

  test('the front proxy alone may speak for others', async () => {
    const { asks, operator } = ground()
    const proxy = operator.pair('front-proxy/front-proxy-client')
    expect((await asks(proxy, secrets, { headers })).status).toBe(200)
    expect((await asks({}, secrets, { headers })).status).toBe(401)
  })

  test('a certificate of the wrong authority may not', async () => {
    const { asks, alice, operator, foreign } = ground()
    const statusOf = async (who: Pair) =>
      (await asks(who, secrets, { headers })).status
    // Who has a name keeps it, whatever the headers say.
    expect(await statusOf(alice)).toBe(403)
    const ofCluster = await issue({
      authority: operator.pair('cluster/ca'),
      commonName: 'front-proxy-client',
      usages: ['client'],
      days: 1,
    })
    expect(await statusOf(ofCluster)).toBe(403)
    expect(await statusOf(operator.pair('etcd/etcdctl'))).toBe(401)
    expect(await statusOf(await foreign('front-proxy-client'))).toBe(401)
  })

  test.each(places)('%s may not speak for others', async (place) => {
    const { alice, foreign, server, from, operator } = ground()
    const url = server + secrets.replace('GET ', '')
    const statusOf = async (who: Who) =>
      (await from[place].ask(url, who, { headers })).status
    const proxy = operator.pair('front-proxy/front-proxy-client')
    expect(await statusOf(proxy)).toBe(200)
    expect(await statusOf({})).toBe(401)
    expect(await statusOf(alice)).toBe(403)
    expect(await statusOf(operator.pair('etcd/etcdctl'))).toBe(401)
    expect(await statusOf(await foreign('front-proxy-client'))).toBe(401)
  })

  test('nor may one of the right authority with another name', async () => {
    const { asks, operator } = ground()
    for (const commonName of ['front-proxy', 'kubernetes-super-admin']) {
      const impostor = await issue({
        authority: operator.pair('front-proxy/ca'),
        commonName,
        usages: ['client'],
        days: 1,
      })
      const { status } = await asks(impostor, secrets, { headers })
      expect(status, commonName).toBe(401)
    }
  })
}
