// 12 pod network: every pod reaches every pod, by its own address
// Runs on: every machine · Needs: 11 · Leaves: nodes that are Ready

import assert from 'node:assert/strict'
import { curl } from '../lib/curl.ts'
import type { Machine } from '../lib/machine.ts'
import { probes } from '../lib/probes.ts'
import { notApplicable, step } from '../lib/step.ts'
import { until } from '../lib/wait.ts'
import { routes } from './pod-networks/routes.ts'

const { cluster, api, on, verify, undo } = await step(import.meta, ['11'])

// #region subnets
// The controller manager gave every node its part of the pod range. Asked
// for, not computed: a node keeps its subnet when machines come and go.
const subnets = new Map<string, string>()

const subnetOf = async (name: string) => {
  const node = await api().get(`/api/v1/nodes/${name}`)
  return node?.spec.podCIDR as string | undefined
}

await on(cluster.machines, async ({ name, planning }) => {
  const subnet = planning
    ? await subnetOf(name).catch(() => undefined)
    : await until(`${name} has a pod subnet`, () => subnetOf(name), {
        next: ['journalctl -u kube-controller-manager, where it leads'],
      })
  subnets.set(name, subnet ?? '(unknown until 10 has run)')
})
// #endregion subnets

// #region network
const network = { routes }[cluster.choices.podNetwork]

await on(cluster.machines, async (machine) => {
  await network.configure(machine, cluster, subnets)
  await machine.images(['agnhost']) // what the checks below run
})
// #endregion network

// #region ready
// The one thing that was missing since step 10.
const isReady = async (name: string) => {
  const node = await api().get(`/api/v1/nodes/${name}`)
  const conditions: { type: string; status: string }[] = node?.status.conditions
  return conditions.some((c) => c.type === 'Ready' && c.status === 'True')
}

await on(cluster.machines, async ({ name, planning }) => {
  if (planning) return
  const next = [`journalctl -u kubelet -u containerd, on ${name}`]
  await until(`${name} is Ready`, () => isReady(name), { next })
})
// #endregion ready

// #region verify
// Only a pod sees what a pod sees: one on each machine, for as long as the
// checks take. Each can be asked to call others, and says who called it.
const pods = probes(api, cluster)

await verify('every pod reaches every other, which sees its address', () =>
  pods.eachPair(async (from, to) => {
    const seen = await from.dial(to.address, 'clientip')
    assert.equal(seen.split(':')[0], from.address, `${from.node} → ${to.node}`)
  }),
)

await verify('a machine reaches the pods of all machines', async () => {
  const all = await pods.all()
  const wanted = all.map(({ node }) => `probe-${node}`).join('\n')
  const check = async (machine: Machine) => {
    const seen = await machine.read`
      for address in ${all.map(({ address }) => address)}; do
        ${curl()} http://$address:8080/hostname; echo
      done`
    assert.equal(seen, wanted, `from ${machine.name}`)
  }
  await Promise.all(cluster.machines.map(check))
})

await verify('a pod reaches a Service on its own node, even its own', () =>
  pods.each(async (pod) => {
    const service = await pods.service(pod)
    assert.equal(await pod.dial(service, 'hostname'), `probe-${pod.node}`)
  }),
)

await verify('a pod that calls outside shows the address of its node', () => {
  const { outside } = cluster
  if (!outside) return notApplicable('cluster.yaml has no checks.outside')
  return pods.each(async (pod) => {
    const answer = await pod.shell(`wget -qO- http://${outside.address}/`)
    const machine = cluster.machines.find(({ name }) => name === pod.node)
    assert(answer.includes(machine?.address ?? ''), `${pod.node}: ${answer}`)
  })
})

await verify('hostPort opens the port of a pod on its machine', async () => {
  const machine = cluster.machines[0] as (typeof cluster.machines)[number]
  for (const { node, hostAddress } of await pods.all()) {
    const seen = await machine.read`
      ${curl()} \
        http://${hostAddress}:${pods.hostPort}/hostname`
    assert.equal(seen, `probe-${node}`)
  }
})

await verify('the probe pods are gone again', () => pods.remove())
// #endregion verify

// #region undo
undo(cluster.machines, (machine) => network.remove(machine))
// #endregion undo
