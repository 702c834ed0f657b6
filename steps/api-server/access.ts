// Who gets how far with the API server of step 06, each proved by trying

import assert from 'node:assert/strict'
import { ask, type Question } from '../../lib/https.ts'
import type { KubernetesApi } from '../../lib/kubernetes.ts'
import type { Operator } from '../../lib/operator.ts'
import { issue } from '../../lib/pki.ts'

// #region anonymous
/**
 * @param url of one API server
 * @param api gives a client that is the administrator
 */
export function access(
  url: string,
  operator: Operator,
  api: () => KubernetesApi,
) {
  const statusOf = async (path: string, question: Question = {}) => {
    const authority = operator.read('pki/cluster/ca.crt')
    return (await ask(url + path, { authority, ...question })).status
  }

  async function anonymous() {
    for (const path of ['/api/v1/secrets', '/openid/v1/jwks', '/version']) {
      assert.equal(await statusOf(path), 401, `${url}${path}, asked by nobody`)
    }
  }
  // #endregion anonymous

  // #region stranger
  async function stranger() {
    const ofEtcd = operator.pair('etcd/etcdctl')
    const what = `${url}/api, by a certificate for etcd`
    assert.equal(await statusOf('/api', ofEtcd), 401, what)
  }
  // #endregion stranger

  // #region forgery
  async function forgery() {
    const path = '/api/v1/secrets'
    const headers = { 'X-Remote-User': 'x', 'X-Remote-Group': 'system:masters' }
    const scheduler = operator.pair('cluster/kube-scheduler')
    const as = (who: string) => `${url}${path}, with forged headers, by ${who}`
    const forged = await statusOf(path, { headers, ...scheduler })
    assert.equal(forged, 403, as('the scheduler'))
    // Signed by the right authority, but not the name that is allowed.
    const impostor = await issue({
      authority: operator.pair('front-proxy/ca'),
      commonName: 'impostor',
      usages: ['client'],
      days: 1,
    })
    const posed = await statusOf(path, { headers, ...impostor })
    assert.equal(posed, 401, as('an impostor'))
  }
  // #endregion forgery

  // #region admin
  async function admin() {
    const reviews = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'
    const everything = { verb: '*', resource: '*', group: '*' }
    const { status } = await api().send('POST', reviews, {
      spec: { resourceAttributes: everything },
    })
    assert.equal(status.allowed, true, `the admin may not: ${status.reason}`)
  }

  return { anonymous, stranger, forgery, admin }
}
// #endregion admin
