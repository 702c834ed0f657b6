// What nobody may do with a kubelet, or with the certificate of one.

import assert from 'node:assert/strict'
import { curl } from '../../lib/curl.ts'
import { ask } from '../../lib/https.ts'
import type { Operator } from '../../lib/operator.ts'
import { type LiveCluster, notApplicable } from '../../lib/step.ts'

// #region callers
/** Whoever may use the port of a kubelet owns the pods of its machine. */
export async function kubeletsRefuse(cluster: LiveCluster, operator: Operator) {
  const authority = operator.read('pki/cluster/ca.crt')
  const scheduler = operator.pair('cluster/kube-scheduler')
  for (const { name, address } of cluster.machines) {
    const url = `https://${address}:${cluster.ports.kubelet.port}/pods`
    assert.equal(
      (await ask(url, { authority })).status,
      401,
      `${name}: ${url}, asked by nobody`,
    )
    // Known, and not allowed.
    const known = await ask(url, { authority, ...scheduler })
    assert.equal(known.status, 403, `${name}: ${url}, asked by the scheduler`)
  }
}
// #endregion callers

// #region nodes
/** Whoever steals one node has not stolen the next. */
export async function nodesAreApart(
  { machines, ports }: LiveCluster,
  { authority, identity }: Record<'authority' | 'identity', string>,
) {
  const [machine, other] = machines
  if (!machine || !other) return notApplicable('there is one node')
  const server = `https://127.0.0.1:${ports.apiBalancer.port}`
  const status = await machine.read`
    ${curl()} --output /dev/null --write-out %{http_code} \
      --cacert ${authority} --cert ${identity} --request PATCH \
      --header 'content-type: application/merge-patch+json' \
      --data '{"metadata":{"labels":{"stolen":"yes"}}}' \
      ${server}/api/v1/nodes/${other.name}?dryRun=All`
  const what = `${machine.name} labels ${other.name}, by its own certificate`
  assert.equal(status, '403', what)
}
// #endregion nodes
