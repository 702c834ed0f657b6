// How a machine that nobody knows becomes a node: it asks with a token, and
// we approve what it was meant to ask for.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { subjectOf } from '../../lib/csr.ts'
import { kubeconfig } from '../../lib/kubeconfig.ts'
import type { KubernetesApi } from '../../lib/kubernetes.ts'
import type { Operator } from '../../lib/operator.ts'
import { clusterRoleBinding } from '../../lib/rbac.ts'
import type { LiveCluster } from '../../lib/step.ts'
import { until } from '../../lib/wait.ts'

const joiners = 'system:bootstrappers:kubernetes-from-scratch'

// #region rights
// Two rights, and no more. Whoever joins may ask for a certificate; we
// approve below, for the one name that each token was made for. A node may
// renew its own, which the controller manager approves by itself.
const renewal =
  'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient'

export const rights = [
  clusterRoleBinding('nodes-join', 'system:node-bootstrapper', {
    Group: joiners,
  }),
  clusterRoleBinding('nodes-renew', renewal, { Group: 'system:nodes' }),
]
// #endregion rights

// #region token
// A token says "I may ask", for minutes. Each machine gets its own, so a
// request that comes with it can be for one name only.
const label = 'kubernetes-from-scratch/join'
const minutes = 10

/**
 * A new token: the Secret that makes it known, and the kubeconfig with which
 * a kubelet uses it.
 */
export function invitation(cluster: LiveCluster, operator: Operator) {
  const id = randomBytes(3).toString('hex')
  const secret = randomBytes(8).toString('hex')
  const manifest = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: `bootstrap-token-${id}`,
      namespace: 'kube-system',
      labels: { [label]: 'yes' },
    },
    type: 'bootstrap.kubernetes.io/token',
    stringData: {
      'token-id': id,
      'token-secret': secret,
      'usage-bootstrap-authentication': 'true',
      'auth-extra-groups': joiners,
      expiration: new Date(Date.now() + minutes * 60_000).toISOString(),
    },
  }
  const login = kubeconfig({
    clusterName: cluster.name,
    authority: operator.read('pki/cluster/ca.crt'),
    server: `https://127.0.0.1:${cluster.ports.apiBalancer.port}`,
    user: 'joiner',
    token: `${id}.${secret}`,
  })
  return { id, manifest, kubeconfig: login }
}
// #endregion token

// #region approval
const requests = '/apis/certificates.k8s.io/v1/certificatesigningrequests'
// Of those that the controller manager has, the one for clients of the API
// that are kubelets.
const signer = 'kubernetes.io/kube-apiserver-client-kubelet'

/** Waits for what the machine with this token asks for, and approves it. */
export async function approve(api: KubernetesApi, name: string, id: string) {
  const request = await until(
    `${name} asks for its certificate`,
    async () => {
      const all = await api.list(requests)
      return all.find(({ spec }) => spec.username === `system:bootstrap:${id}`)
    },
    { next: [`journalctl -u kubelet on ${name}`] },
  )
  const { commonName, organizations } = subjectOf(request.spec.request)
  assert.equal(commonName, `system:node:${name}`)
  assert.deepEqual(organizations, ['system:nodes'])
  assert.equal(request.spec.signerName, signer)
  const approved = { type: 'Approved', status: 'True', reason: 'Joined' }
  await api.send('PUT', `${requests}/${request.metadata.name}/approval`, {
    ...request,
    status: { conditions: [approved] },
  })
}
// #endregion approval

// #region used-up
/** The tokens that are known: of this run, or of one that was cut off. */
export function joinTokens(api: KubernetesApi) {
  return api.list(
    `/api/v1/namespaces/kube-system/secrets?labelSelector=${label}`,
  )
}
// #endregion used-up
