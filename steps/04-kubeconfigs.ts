// 04 kubeconfigs and the encryption key: how to reach the API, and as whom
// Runs on: the operator · Needs: 03 · Leaves: kubeconfig/, encryption.yaml

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { kubeconfig, readKubeconfig } from '../lib/kubeconfig.ts'
import { step } from '../lib/step.ts'
import { yaml } from '../lib/yaml.ts'

const { cluster, operator, on, verify, undo, forget } = await step(
  import.meta,
  ['03'],
)

// #region servers
// Who dials which API server:
const { apiServer, apiBalancer } = cluster.ports
// controller manager and scheduler the one of their own machine, because
// they stop and start with it,
const own = { server: `https://127.0.0.1:${apiServer.port}` }
// kube-proxy (and kubelets, step 10) the balancer of their machine,
const balanced = { server: `https://127.0.0.1:${apiBalancer.port}` }
// people the endpoint of cluster.yaml. Without one, each control plane is a
// context: `kubectl --context cp-2` when cp-1 is down.
const people = cluster.endpoint
  ? { server: `https://${cluster.endpoint.host}:${cluster.endpoint.port}` }
  : {
      servers: Object.fromEntries(
        cluster.controlPlanes.map(({ name, address }) => [
          name,
          `https://${address}:${apiServer.port}`,
        ]),
      ),
    }
// #endregion servers

// #region kubeconfigs
const users = {
  admin: people,
  'super-admin': people,
  'kube-controller-manager': own,
  'kube-scheduler': own,
  'kube-proxy': balanced,
}

await on(operator, () => {
  const authority = operator.read('pki/cluster/ca.crt')
  for (const [user, where] of Object.entries(users)) {
    const identity = operator.pair(`cluster/${user}`)
    operator.file(
      `kubeconfig/${user}.yaml`,
      kubeconfig({
        clusterName: cluster.name,
        authority,
        user,
        ...where,
        ...identity,
      }),
    )
  }
})
// #endregion kubeconfigs

// #region encryption
// etcd keeps Secrets as the API server hands them over, in the clear unless
// told otherwise. secretbox (XSalsa20-Poly1305) detects tampering and needs
// no care with nonces. AES-GCM must change its key every 200 000 writes; a
// KMS keeps the key off these machines, but is one more thing that must be
// up before the API is.
await on(operator, () =>
  operator.secret('encryption.yaml', () =>
    yaml({
      apiVersion: 'apiserver.config.k8s.io/v1',
      kind: 'EncryptionConfiguration',
      resources: [
        {
          resources: ['secrets'],
          providers: [
            {
              secretbox: {
                keys: [
                  { name: 'key1', secret: randomBytes(32).toString('base64') },
                ],
              },
            },
            // Last, so it only reads: what was stored before encryption.
            { identity: {} },
          ],
        },
      ],
    }),
  ),
)
// #endregion encryption

// #region verify
await verify('every kubeconfig names a server that its user dials', () => {
  for (const [user, where] of Object.entries(users)) {
    const { server } = readKubeconfig(operator.read(`kubeconfig/${user}.yaml`))
    const wanted =
      'server' in where ? [where.server] : Object.values(where.servers)
    assert(wanted.includes(server), `${user}: ${server} is not in ${wanted}`)
  }
})

await verify('Secrets are encrypted by the first provider', () => {
  const config = operator.read('encryption.yaml')
  assert.match(config, /providers:\s+- secretbox:/)
})
// #endregion verify

// #region undo
undo(operator, () => {
  operator.remove('kubeconfig')
  // Secrets in etcd that it encrypted would be lost with it.
  if (forget) operator.remove('encryption.yaml')
})
// #endregion undo
