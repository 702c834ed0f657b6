// 14 smoke test: the cluster does what people want a cluster for
// Runs on: the API, as its users do · Needs: 13 · Leaves: nothing

import assert from 'node:assert/strict'
import type { ApiError, Manifest } from '../lib/kubernetes.ts'
import { step } from '../lib/step.ts'
import { killPods, stopWorker } from './smoke-test/drills.ts'
import { groupIsServed, webhookIsAsked } from './smoke-test/extension.ts'
import { kubectl } from './smoke-test/kubectl.ts'
import { serviceAnswers } from './smoke-test/services.ts'
import { stored } from './smoke-test/stored.ts'
import { onlyTokenCounts } from './smoke-test/tokens.ts'
import { namesOf, openTrial } from './smoke-test/trial.ts'
import { thief, word } from './smoke-test/workloads.ts'

const { cluster, operator, api, verify, undo, drill } = await step(
  import.meta,
  ['13'],
)

// #region start
const trial = openTrial(api, cluster)
const { path, podsOf, bothReady, dial } = trial
const { says, forwards } = kubectl(trial, operator)

// The checks below make no sense without the ones that set this.
let goOn = false
const check: typeof verify = async (title, proof) => {
  if (goOn) await verify(title, proof)
}

await verify('the API takes workloads of every kind', async () => {
  await trial.start()
  goOn = true
})
// #endregion start

// #region secret
await check('a Secret is encrypted in etcd, a ConfigMap is not', async () => {
  const secret = await stored(trial, 'secrets')
  assert.match(secret, /^k8s:enc:secretbox:v1:key\d+:/)
  assert(!secret.includes(word), 'etcd holds the Secret for all to read')
  assert((await stored(trial, 'configmaps')).includes(word))
})
// #endregion secret

// #region admission
await check('a pod that could take over its machine is refused', async () => {
  await assert.rejects(
    api().send('POST', `${path}/pods?dryRun=All`, thief),
    ({ status, message }: ApiError) =>
      status === 403 && message.includes('violates PodSecurity "baseline'),
  )
})
// #endregion admission

// #region rollout
let first: string[] = []

await check('a Deployment brings up its pods', async () => {
  goOn = false
  first = namesOf(await bothReady('web'))
  goOn = true
  // What follows takes seconds. It is looked at further down, and other
  // checks are made until then.
  await api().apply(trial.web('2'))
})
// #endregion rollout

// #region extension
await check('every API server asks a webhook in a pod', () =>
  webhookIsAsked(trial, operator),
)

await check('every API server passes an API group on to a pod', () =>
  groupIsServed(trial, operator),
)
// #endregion extension

// #region rolled-out
await check('a rollout replaces every pod', () =>
  bothReady('web', ({ metadata }) => !first.includes(metadata.name)),
)
// #endregion rolled-out

// #region services
await check('a Service answers on every machine, and its port', () =>
  serviceAnswers(trial),
)
// #endregion services

// #region kubectl
await check('kubectl shows the logs of a pod', async () => {
  const logs = await says('logs', 'db-0')
  assert.match(logs, /Started HTTP server on port 8080/)
})

await check('kubectl runs a command in a pod', async () => {
  assert.equal(await says('exec', 'db-0', '--', 'hostname'), 'db-0')
})

await check('kubectl forwards a port of this computer to a pod', async () => {
  assert.equal(await forwards('pod/db-0', 'hostname'), 'db-0')
})
// #endregion kubectl

// #region tokens
await check('the token of a pod is accepted, nothing like it is', async () => {
  const file = '/var/run/secrets/kubernetes.io/serviceaccount/token'
  const token = await says('exec', 'db-0', '--', 'cat', file)
  await onlyTokenCounts(token, cluster, operator)
})

await check('a Job checks its token by what the issuer publishes', () => {
  const job = `/apis/batch/v1/namespaces/${trial.namespace}/jobs/discovery`
  return trial.waitFor('the Job is complete', async () => {
    return (await api().get(job))?.status.succeeded === 1
  })
})
// #endregion tokens

// #region stateful
await check('a StatefulSet starts its pods in order, by name', async () => {
  const [first, second] = (await bothReady('db')) as [Manifest, Manifest]
  assert.deepEqual(namesOf([first, second]), ['db-0', 'db-1'])
  // Not since when it is ready: that begins anew after a busy moment.
  const { startedAt } = first.status.containerStatuses[0].state.running
  assert(startedAt <= String(second.metadata.creationTimestamp))
  const [web = ''] = namesOf(await podsOf('web'))
  assert.match(await dial(web, 'db-1.db', '8080'), /"responses":\["db-1"\]/)
})
// #endregion stateful

// #region policy
// The bridge plugin connects pods and knows nothing of policies; the API
// takes them all the same, and does not say so. Who needs them needs a pod
// network that enforces them.
await check('a NetworkPolicy is accepted and NOT enforced here', async () => {
  assert.match(await dial('db-0', 'web', '80'), /"responses":\["web-/)
})
// #endregion policy

await verify('all of this is removed again', () => trial.remove())

// #region drill
await drill('a killed pod is replaced, db-0 by db-0', (putBack) =>
  killPods(trial, putBack),
)

await drill('pods leave a worker that stops', (putBack) =>
  stopWorker(trial, putBack),
)
// #endregion drill

// #region undo
undo(operator, async ({ journal }) => {
  for (const name of await trial.removeAll())
    journal.changes.push(`deleted ${name}`)
})
// #endregion undo
