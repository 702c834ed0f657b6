// What is broken on purpose, and has to mend itself. Each begins with new
// workloads, and takes everything back, however it ends.

import assert from 'node:assert/strict'
import type { Manifest } from '../../lib/kubernetes.ts'
import { notApplicable, type PutBack } from '../../lib/step.ts'
import { until } from '../../lib/wait.ts'
import { serviceAnswers } from './services.ts'
import { namesOf, readySince, type Trial } from './trial.ts'

// #region begin
async function begin(trial: Trial, putBack: PutBack) {
  putBack(async () => {
    await trial.remove()
    const gone = async () => !(await trial.api().get(trial.path))
    const next = [`npm run -s kubectl -- get -o yaml ns ${trial.namespace}`]
    await until('the namespace is gone', gone, { next })
  })
  await trial.start()
}
// #endregion begin

// #region kill-pods
/** Kills a pod of web and one of db: one gets a new name, one its old. */
export async function killPods(trial: Trial, putBack: PutBack) {
  const { api, bothReady } = trial
  await begin(trial, putBack)
  const [web] = await bothReady('web')
  const [db] = await bothReady('db')
  assert(web && db, 'the pods to kill are gone')
  for (const { metadata } of [web, db]) {
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata }
    await api().delete(pod, { gracePeriodSeconds: 0 })
  }
  const isNew = ({ metadata }: Manifest) =>
    ![web.metadata.uid, db.metadata.uid].includes(metadata.uid)
  const pods = await bothReady('web', isNew)
  assert(!namesOf(pods).includes(web.metadata.name))
  assert.deepEqual(namesOf(await bothReady('db', isNew)), ['db-0', 'db-1'])
  await serviceAnswers(trial)
}
// #endregion kill-pods

// #region stop-worker
/** Stops a worker that runs a pod of web, as a machine that dies would. */
export async function stopWorker(trial: Trial, putBack: PutBack) {
  const { cluster, api, bothReady } = trial
  if (cluster.workers.length < 2) return notApplicable('there is one worker')
  await begin(trial, putBack)
  const nodes = (await bothReady('web')).map(({ spec }) => spec.nodeName)
  const down = cluster.workers.find(({ name }) => nodes.includes(name))
  assert(down, `web runs on ${nodes.join(' and ')}, which are no workers`)
  putBack(async () => {
    await down.run`systemctl start containerd kubelet`
    const isReady = async () => {
      const node = await api().get(`/api/v1/nodes/${down.name}`)
      return node && readySince(node)
    }
    const next = [`journalctl -u kubelet, on ${down.name}`]
    await until(`${down.name} is Ready`, isReady, { next })
  })
  await down.run`systemctl stop kubelet containerd`
  // The API waits 50 seconds for a node that has fallen silent.
  await bothReady('web', ({ spec }) => spec.nodeName !== down.name, 120)
  await serviceAnswers(trial)
}
// #endregion stop-worker
