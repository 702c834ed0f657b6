// A Deployment whose pods do not wait five minutes for a node that is gone:
// the one of step 14.

import type { LiveCluster } from '../../../lib/step.ts'
import { until } from '../../../lib/wait.ts'
import { openTrial } from '../../../steps/smoke-test/trial.ts'
import { labels } from '../../../steps/smoke-test/workloads.ts'
import type { Scene } from './scene.ts'

/** Has two pods of it ready, on two machines where there are two. */
export async function webOf({ api, cluster }: Scene) {
  // It reads names and versions; the machines it leaves alone.
  const trial = openTrial(() => api, cluster as unknown as LiveCluster)
  await api.apply({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: trial.namespace, labels },
  })
  await until('the namespace has its account', () =>
    api.get(`${trial.path}/serviceaccounts/default`),
  )
  await api.apply(trial.web('1'))
  await trial.bothReady('web')
  return {
    pods: () => trial.podsOf('web'),
    /** Waits until both run on a machine that is not this one. */
    areOff: (name: string) =>
      trial.bothReady('web', ({ spec }) => spec.nodeName !== name, 120),
    remove: () => trial.remove(),
  }
}
