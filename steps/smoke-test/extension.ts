// Two ways in which an API server depends on a pod: it asks a webhook about
// what it is about to store, and has a group of its API served elsewhere.

import assert from 'node:assert/strict'
import { readKubeconfig } from '../../lib/kubeconfig.ts'
import { KubernetesApi } from '../../lib/kubernetes.ts'
import type { Operator } from '../../lib/operator.ts'
import { notApplicable } from '../../lib/step.ts'
import { until } from '../../lib/wait.ts'
import type { Trial } from './trial.ts'

// #region servers
// What one API server reaches, the next may not.
function serversOf({ cluster }: Trial, operator: Operator) {
  const admin = readKubeconfig(operator.read('kubeconfig/admin.yaml'))
  const { port } = cluster.ports.apiServer
  return cluster.controlPlanes.map(({ address }) => {
    const url = `https://${address}:${port}`
    return { url, api: new KubernetesApi([url], admin) }
  })
}
// #endregion servers

// #region webhook
export async function webhookIsAsked(trial: Trial, operator: Operator) {
  await trial.api().apply(trial.webhook())
  const send = (api: KubernetesApi, value: string) =>
    api.send('POST', `${trial.path}/configmaps?dryRun=All`, {
      metadata: { name: 'asked' },
      data: { 'webhook-e2e-test': value },
    })
  const hooks = 'validatingwebhookconfigurations'
  const next = [`npm run -s kubectl -- get -o yaml ${hooks}`]
  for (const { url, api } of serversOf(trial, operator)) {
    const refuses = async () => {
      const refusal = await send(api, 'webhook-disallow').catch((e) => e)
      assert.match(String(refusal.message), /contains unwanted key and value/)
      return true
    }
    await until(`${url} refuses what the webhook refuses`, refuses, { next })
    await send(api, 'allowed')
  }
}
// #endregion webhook

// #region group
export async function groupIsServed(trial: Trial, operator: Operator) {
  const manifest = trial.apiService()
  const { name } = manifest.metadata
  const apiServices = '/apis/apiregistration.k8s.io/v1/apiservices'
  if (await trial.api().get(`${apiServices}/${name}`)) {
    return notApplicable(`something else already serves ${name} here`)
  }
  await trial.api().apply(manifest)
  const group = '/apis/external.metrics.k8s.io/v1beta1'
  for (const { url, api } of serversOf(trial, operator)) {
    const metric = `${group}/namespaces/${trial.namespace}/queue_messages_ready`
    const next = [`npm run -s kubectl -- get -o yaml apiservice ${name}`]
    const found = () => api.get(metric)
    const { items } = await until(`${url} serves ${group}`, found, { next })
    assert.equal(items[0].value, '100')
  }
}
// #endregion group
