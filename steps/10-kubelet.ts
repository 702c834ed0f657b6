// 10 kubelet: a machine becomes a node
// Runs on: every machine · Needs: 07, 08, 09 · Leaves: kubelet.service, nodes

import assert from 'node:assert/strict'
import { conditionOf } from '../lib/conditions.ts'
import { sh } from '../lib/shell.ts'
import { step } from '../lib/step.ts'
import { commandLine, text } from '../lib/text.ts'
import { until } from '../lib/wait.ts'
import { yaml } from '../lib/yaml.ts'
import { configuration } from './kubelet/configuration.ts'
import { approve, invitation, joinTokens, rights } from './kubelet/join.ts'
import { kubeletsRefuse, nodesAreApart } from './kubelet/refusals.ts'
import { stopPods } from './kubelet/stop-pods.ts'

const { cluster, operator, api, on, apply, verify, undo, retract } = await step(
  import.meta,
  ['07', '08', '09'],
)

const folder = '/etc/kubernetes/kubelet'
const authority = `${folder}/ca.crt`
const data = '/var/lib/kubelet'
const identity = `${data}/pki/kubelet-client-current.pem`
const bootstrap = `${folder}/bootstrap.kubeconfig`
const joined = sh`[ -s ${identity} ]`

// #region configure
await on(cluster.machines, async (machine) => {
  await machine.install(['kubelet'])
  await machine.directory(data, { mode: 0o700 })
  const serving = operator.pair(`cluster/kubelet-${machine.name}`)
  await machine.file(authority, operator.read('pki/cluster/ca.crt'))
  await machine.file(`${folder}/serving.crt`, serving.certificate)
  await machine.file(`${folder}/serving.key`, serving.key, { mode: 0o600 })
  const told = await configuration(machine, cluster, folder)
  await machine.file(`${folder}/kubelet.yaml`, yaml(told))
})
// #endregion configure

// #region join
// Nobody knows a new machine yet. It gets a token that lets it ask for a
// certificate; one that has its certificate needs none.
await apply(rights)
const joining = new Map<string, string>()

await on(cluster.machines, async (machine) => {
  if (await machine.test`${joined}`) return
  const { id, manifest, kubeconfig } = invitation(cluster, operator)
  if (!machine.planning) {
    await api().apply(manifest)
    joining.set(machine.name, id)
  }
  await machine.file(bootstrap, kubeconfig, { mode: 0o600 })
})
// #endregion join

// #region start
await on(cluster.machines, async (machine) => {
  await machine.service('kubelet', {
    unit: text`
      [Unit]
      Description=kubelet, the agent of Kubernetes on this machine
      After=containerd.service api-balancer.service
      StartLimitIntervalSec=0

      [Service]
      ExecStart=${commandLine('/usr/local/bin/kubelet', {
        config: `${folder}/kubelet.yaml`,
        kubeconfig: `${data}/kubeconfig`,
        'bootstrap-kubeconfig': bootstrap,
        'cert-dir': `${data}/pki`,
        'hostname-override': machine.name,
        'node-ip': machine.address,
      })}
      Restart=always
      RestartSec=1s
      KillMode=process

      [Install]
      WantedBy=multi-user.target
    `,
    reads: [folder, '/usr/local/bin/kubelet'],
  })
})

const next = ['journalctl -u kubelet', 'npm run -s kubectl -- get csr']
await on(cluster.machines, async (machine) => {
  const id = joining.get(machine.name)
  if (!id) return
  await approve(api(), machine.name, id)
  await machine.until('it has its certificate', joined, { next })
})

// Used up: nobody may find them. A run that was cut off has left some, too.
await on(cluster.machines, (machine) => machine.remove(bootstrap))
await on(operator, async ({ journal, planning }) => {
  if (planning) return
  for (const { metadata } of await joinTokens(api())) {
    await api().delete({ apiVersion: 'v1', kind: 'Secret', metadata })
    journal.changes.push(`deleted ${metadata.name}`)
  }
})
// #endregion start

// #region nodes
const nodeOf = (name: string) => api().get(`/api/v1/nodes/${name}`)
const node = { apiVersion: 'v1', kind: 'Node' }
// A kubelet may not give itself a role: a stolen one could then draw the
// pods of the control plane to itself. So we do.
await on(cluster.machines, async (machine) => {
  const { name, roles, planning } = machine
  if (planning) return
  await until(`${name} is a node`, () => nodeOf(name), { next })
  const label = (role: string) => [`node-role.kubernetes.io/${role}`, '']
  const labels = Object.fromEntries(roles.map(label))
  const { changed } = await api().apply({ ...node, metadata: { name, labels } })
  if (changed) machine.changed(`node ${name}`)
})
// #endregion nodes

// #region verify
await verify('every machine is a node, lacking a network at most', async () => {
  for (const { name, address } of cluster.machines) {
    const found = await nodeOf(name)
    assert(found, `${name} is not a node`)
    const { status, message = '' } = conditionOf(found, 'Ready') ?? {}
    // NotReady is right before step 12, for this one reason.
    const waits = /cni|network/i.test(message)
    assert(status === 'True' || waits, `${name}: ${message}`)
    const isInternal = ({ type }: { type: string }) => type === 'InternalIP'
    const internal = found.status.addresses.find(isInternal)
    assert.equal(internal.address, address, name)
  }
})

await verify('a kubelet refuses callers that it does not know', () =>
  kubeletsRefuse(cluster, operator),
)

await verify('a node may change itself and nobody else', () =>
  nodesAreApart(cluster, { authority, identity }),
)

await verify('no join token is left', async () => {
  const left = (await joinTokens(api())).map(({ metadata }) => metadata.name)
  assert.equal(left.join(), '', 'left on the API; run step 10 again')
})
// #endregion verify

// #region undo
undo(cluster.machines, async (machine) => {
  await machine.removeService('kubelet')
  await stopPods(machine, data)
  await machine.remove(folder, data, '/var/log/pods', '/var/log/containers')
  await machine.uninstall('kubelet')
})

retract(cluster.machines.map(({ name }) => ({ ...node, metadata: { name } })))
// #endregion undo
