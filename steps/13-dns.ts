// 13 DNS: names for Services and pods
// Runs on: the API · Needs: 12 · Leaves: CoreDNS, two replicas

import assert from 'node:assert/strict'
import { probes } from '../lib/probes.ts'
import { notApplicable, step } from '../lib/step.ts'
import { until } from '../lib/wait.ts'
import { dnsManifests } from './dns/manifests.ts'

const { cluster, operator, api, on, apply, verify } = await step(import.meta, [
  '12',
])

const { domain } = cluster.networks
const namespace = 'kube-system'

// #region image
await on(cluster.machines, (machine) => machine.images(['coredns']))
// #endregion image

// #region coredns
await apply(dnsManifests(cluster))

const isAvailable = async () => {
  const deployments = `/apis/apps/v1/namespaces/${namespace}/deployments`
  const coredns = await api().get(`${deployments}/coredns`)
  return coredns?.status.availableReplicas === 2
}
const look = `kubectl -n ${namespace} describe pods -l k8s-app=kube-dns`

await on(operator, async ({ planning }) => {
  if (planning) return
  await until('CoreDNS is available', isAvailable, { next: [look] })
})
// #endregion coredns

// #region verify
const pods = probes(api, cluster)

const looksUp = (question: string, answer: string) =>
  pods.each(async (pod) => {
    const said = await pod.shell(`nslookup ${question}`)
    assert(said.includes(answer), `${pod.node}: ${question}: ${said}`)
  })

await verify('a pod on every node resolves a Service', () =>
  looksUp(`kubernetes.default.svc.${domain}`, cluster.kubernetesServiceAddress),
)

await verify('and the short name of one, by the search list', () =>
  pods.each(async (pod) => {
    assert.equal(
      await pod.dial(`probe-${pod.node}`, 'hostname'),
      `probe-${pod.node}`,
    )
  }),
)

await verify('and a headless Service, to the address of its pod', async () => {
  const [pod] = await pods.all()
  assert(pod, 'no probe pod runs')
  await looksUp(pods.headless(pod), pod.address)
})

await verify('and an address, to its name', () =>
  looksUp(cluster.kubernetesServiceAddress, `kubernetes.default.svc.${domain}`),
)

await verify('and a name outside of the cluster', () => {
  const { outside } = cluster
  if (!outside) return notApplicable('cluster.yaml has no checks.outside')
  return looksUp(outside.name, outside.address)
})

await verify('the replicas are on two machines', async () => {
  if (cluster.machines.length < 2) return notApplicable('there is one machine')
  const slices = await api().list(
    `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices` +
      '?labelSelector=kubernetes.io/service-name=kube-dns',
  )
  const ready = slices
    .flatMap(({ endpoints }) => endpoints ?? [])
    .filter(({ conditions }) => conditions.ready)
  const nodes = new Set(ready.map(({ nodeName }) => nodeName))
  assert.equal(nodes.size, 2, `they are on ${[...nodes].join(' and ')}`)
})

await verify('the probe pods are gone again', () => pods.remove())
// #endregion verify
