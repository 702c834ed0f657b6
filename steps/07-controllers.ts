// 07 controller manager and scheduler: what acts on what the API holds
// Runs on: every control plane · Needs: 06 · Leaves: two services, one leader

import assert from 'node:assert/strict'
import { curl } from '../lib/curl.ts'
import { sh } from '../lib/shell.ts'
import { notApplicable, step } from '../lib/step.ts'
import { commandLine, text } from '../lib/text.ts'
import { until } from '../lib/wait.ts'
import * as flags from './controllers/flags.ts'

const { cluster, operator, api, on, verify, undo, drill } = await step(
  import.meta,
  ['06'],
)

const ports = [cluster.ports.controllerManager, cluster.ports.scheduler]
const folder = '/etc/kubernetes/controllers'
const user = 'kubernetes'

// #region files
await on(cluster.controlPlanes, async (machine) => {
  await machine.install(['kube-controller-manager', 'kube-scheduler'])
  await machine.user(user)
  await machine.directory(folder, { mode: 0o750, owner: `root:${user}` })
  const { certificate, key } = operator.pair('cluster/ca')
  const manager = operator.read('kubeconfig/kube-controller-manager.yaml')
  const files = {
    'controller-manager.kubeconfig': manager,
    'scheduler.kubeconfig': operator.read('kubeconfig/kube-scheduler.yaml'),
    'service-account.key': operator.read('pki/service-account.key'),
    'front-proxy-ca.crt': operator.read('pki/front-proxy/ca.crt'),
    'ca.crt': certificate,
    // The one authority key that leaves the operator: the controller manager
    // signs the certificates that kubelets ask for, day and night.
    'ca.key': key,
  }
  await machine.files(folder, files, { mode: 0o640, owner: `root:${user}` })
  const configuration = flags.schedulerConfiguration(folder)
  await machine.file(`${folder}/scheduler.yaml`, configuration)
})
// #endregion files

// #region start
const unit = (description: string, command: string) => text`
  [Unit]
  Description=${description}
  Wants=network-online.target
  After=network-online.target kube-apiserver.service
  StartLimitIntervalSec=0

  [Service]
  User=${user}
  ExecStart=${command}
  Restart=always
  RestartSec=1s
  NoNewPrivileges=yes
  ProtectSystem=full

  [Install]
  WantedBy=multi-user.target
`

await on(cluster.controlPlanes, async (machine) => {
  const manager = commandLine(
    '/usr/local/bin/kube-controller-manager',
    flags.manager(cluster, machine, folder),
  )
  await machine.service('kube-controller-manager', {
    unit: unit('Kubernetes controller manager', manager),
    reads: [folder, '/usr/local/bin/kube-controller-manager'],
  })
  const scheduler = commandLine(
    '/usr/local/bin/kube-scheduler',
    flags.scheduler(cluster, machine, folder),
  )
  await machine.service('kube-scheduler', {
    unit: unit('Kubernetes scheduler', scheduler),
    reads: [folder, '/usr/local/bin/kube-scheduler'],
  })
  for (const { port, program } of ports) {
    await machine.until(
      `${program} is healthy`,
      sh`${curl()} --fail --insecure https://127.0.0.1:${port}/healthz`,
      { next: [`journalctl -u ${program}`] },
    )
  }
})
// #endregion start

// #region verify
// By its lease, which outlives it: one that its holder has not renewed lately,
// by the holder's own clock, is of a program that is gone.
const leader = async (name: string) => {
  const lease = await api().get(
    `/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/${name}`,
  )
  for (const machine of cluster.controlPlanes) {
    const host = await machine.read`hostname`
    if (!lease?.spec.holderIdentity?.startsWith(`${host}_`)) continue
    const now = Number(await machine.read`date +%s.%N`)
    const age = now - Date.parse(lease.spec.renewTime) / 1000
    if (age < lease.spec.leaseDurationSeconds) return machine
  }
}

const logs = 'journalctl -u kube-controller-manager -u kube-scheduler'
const next = [`${logs}, on every control plane`]

await verify('one controller manager and one scheduler lead', async () => {
  for (const name of ['kube-controller-manager', 'kube-scheduler']) {
    await until(`a ${name} leads`, () => leader(name), { next })
  }
})

await verify('their ports tell strangers nothing but health', async () => {
  for (const machine of cluster.controlPlanes) {
    for (const { port, program } of ports) {
      const statusOf = (path: string) => machine.read`
        ${curl()} --insecure --output /dev/null --write-out %{http_code} \
          https://127.0.0.1:${port}/${path}`
      const where = `${program} on ${machine.name}, port ${port}`
      assert.equal(await statusOf('healthz'), '200', `${where}: no health`)
      const status = await statusOf('metrics')
      assert.match(status, /^40[13]$/, `${where}: ${status} for a stranger`)
    }
  }
})

await verify('the controllers work: a namespace has its account', async () => {
  const what = 'the namespace default has a service account'
  const path = '/api/v1/namespaces/default/serviceaccounts/default'
  await until(what, () => api().get(path), { next })
})
// #endregion verify

// #region drill
await drill('another one leads when the leader stops', async (putBack) => {
  if (cluster.controlPlanes.length < 2) return notApplicable('there is one')
  const name = 'kube-controller-manager'
  const before = await until(`a ${name} leads`, () => leader(name))
  putBack(() => before.run`systemctl start ${name}`)
  await before.run`systemctl stop ${name}`
  const another = async () => {
    const now = await leader(name)
    return now && now !== before
  }
  await until('another one leads', another, { next })
})
// #endregion drill

// #region undo
undo(cluster.controlPlanes, async (machine) => {
  for (const name of ['kube-controller-manager', 'kube-scheduler']) {
    await machine.removeService(name)
    await machine.uninstall(name)
  }
  await machine.remove(folder)
})
// #endregion undo
