import { expect, test } from 'vitest'
import { type Ground, places } from './ground.ts'

const health = ['/livez', '/readyz', '/healthz']
const rest = [
  ...['/', '/api', '/apis', '/version', '/openapi/v2', '/openid/v1/jwks'],
  ...['/metrics', '/livez/ping', '/readyz/etcd', '/logs', '/debug/pprof/'],
  ...['/.well-known/openid-configuration', '/api/v1/namespaces'],
  ...['/api/v1/namespaces/kube-system/secrets', '/apis/apps/v1/deployments'],
]

/** Who has not said who they are, or may do nothing. */
export function strangersGetNothing(ground: () => Ground): void {
  test.each(places)(
    '%s without a name is told about health alone',
    async (place) => {
      const { cluster, controlPlanes, operator, from } = ground()
      const { port } = cluster.ports.apiServer
      for (const { address } of controlPlanes) {
        const statusOf = async (path: string, who = {}) =>
          (await from[place].ask(`https://${address}:${port}${path}`, who))
            .status
        for (const path of health) expect(await statusOf(path), path).toBe(200)
        for (const path of rest) expect(await statusOf(path), path).toBe(401)
        const admin = operator.pair('cluster/admin')
        expect(await statusOf('/metrics', admin)).toBe(200)
      }
    },
  )

  test.each(places)(
    '%s with a foreign certificate has no name',
    async (place) => {
      const { operator, foreign, from, server } = ground()
      const url = `${server}/api`
      const forged = await foreign('kubernetes-super-admin', 'system:masters')
      const ofEtcd = operator.pair('etcd/etcdctl')
      const ofProxy = operator.pair('front-proxy/front-proxy-client')
      for (const who of [forged, ofEtcd, ofProxy]) {
        expect((await from[place].ask(url, who)).status).toBe(401)
      }
      const admin = operator.pair('cluster/admin')
      expect((await from[place].ask(url, admin)).status).toBe(200)
    },
  )

  test('an ordinary user may look around, and into nothing', async () => {
    const { asks, alice } = ground()
    for (const path of ['/api', '/apis', '/version']) {
      expect((await asks(alice, `GET ${path}`)).status, path).toBe(200)
    }
    for (const path of rest.filter((it) => it.startsWith('/api/v1/'))) {
      expect((await asks(alice, `GET ${path}`)).status, path).toBe(403)
    }
    expect((await asks(alice, 'GET /metrics')).status).toBe(403)
    const headers = { 'impersonate-user': 'kubernetes-admin' }
    expect((await asks(alice, 'GET /api', { headers })).status).toBe(403)
  })
}
