// A Service answers where nothing listens: every machine rewrites what is
// sent to its address, or to its port of the machine.

import assert from 'node:assert/strict'
import { until } from '../../lib/wait.ts'
import { namesOf, type Trial } from './trial.ts'

// #region everywhere
async function answersEverywhere(trial: Trial): Promise<boolean> {
  const { machines } = trial.cluster
  const service = await trial.api().get(`${trial.path}/services/web`)
  const { clusterIP, ports } = service?.spec ?? {}
  const nodePort = ports[0].nodePort as number
  const urls = [
    `http://${clusterIP}/hostname`,
    ...machines.map(({ address }) => `http://${address}:${nodePort}/hostname`),
  ]
  const pods = namesOf(await trial.podsOf('web'))
  await Promise.all(
    machines.map(async (machine) => {
      const answers = await machine.read`
        for url in ${urls}; do
          curl --silent --max-time 1 "$url" || echo "nothing from $url"
          echo
        done`
      for (const answer of answers.split('\n').filter(Boolean)) {
        assert(pods.includes(answer), `${machine.name}: ${answer}`)
      }
    }),
  )
  return true
}

/** kube-proxy may be a second behind what has become of the pods. */
export function serviceAnswers(trial: Trial) {
  return until('the Service answers', () => answersEverywhere(trial), {
    next: ['journalctl -u kube-proxy, on the machine that got nothing'],
  })
}
// #endregion everywhere
