// 06 API server: the only door to the database
// Runs on: every control plane · Needs: 05 · Leaves: kube-apiserver.service

import assert from 'node:assert/strict'
import { curl } from '../lib/curl.ts'
import { ask } from '../lib/https.ts'
import { clusterRoleBinding } from '../lib/rbac.ts'
import { sh } from '../lib/shell.ts'
import { notApplicable, step } from '../lib/step.ts'
import { commandLine, text } from '../lib/text.ts'
import { access } from './api-server/access.ts'
import { flags } from './api-server/flags.ts'
import { policies } from './api-server/policies.ts'

const { cluster, operator, api, on, apply, verify, undo, drill, forget } =
  await step(import.meta, ['04', '05'])

const { port } = cluster.ports.apiServer
const folder = '/etc/kubernetes/api-server'
const logs = '/var/log/kubernetes'

// #region files
// One unprivileged user for the API server, the controller manager and the
// scheduler: none of them needs root, and all of them read these keys.
const user = 'kubernetes'

await on(cluster.controlPlanes, async (machine) => {
  await machine.install(['kube-apiserver'])
  await machine.user(user)
  await machine.directory(folder, { mode: 0o750, owner: `root:${user}` })
  await machine.directory(logs, { mode: 0o700, owner: user })

  const files = {
    'ca.crt': operator.read('pki/cluster/ca.crt'),
    'etcd-ca.crt': operator.read('pki/etcd/ca.crt'),
    'front-proxy-ca.crt': operator.read('pki/front-proxy/ca.crt'),
    ...operator.tls('serving', `cluster/kube-apiserver-${machine.name}`),
    ...operator.tls('kubelet-client', 'cluster/kube-apiserver-kubelet-client'),
    ...operator.tls('etcd-client', 'etcd/kube-apiserver-etcd-client'),
    ...operator.tls('front-proxy-client', 'front-proxy/front-proxy-client'),
    'service-account.pub': operator.read('pki/service-account.pub'),
    'service-account.key': operator.read('pki/service-account.key'),
    'encryption.yaml': operator.read('encryption.yaml'),
    // The gates that a request passes, and what is written down of it:
    // authentication, authorization, admission and audit, each NAME.yaml.
    ...policies,
  }
  await machine.files(folder, files, { mode: 0o640, owner: `root:${user}` })
})
// #endregion files

// #region start
const ready = sh`${curl()} --fail --cacert ${folder}/ca.crt \
  https://127.0.0.1:${port}/readyz`
const next = ['journalctl -u kube-apiserver']

await on(cluster.controlPlanes, async (machine) => {
  const chosen = flags(cluster, machine, { folder, logs })
  await machine.service('kube-apiserver', {
    unit: text`
      [Unit]
      Description=Kubernetes API server
      Wants=network-online.target
      After=network-online.target etcd.service
      StartLimitIntervalSec=0

      [Service]
      Type=notify
      User=${user}
      ExecStart=${commandLine('/usr/local/bin/kube-apiserver', chosen)}
      Restart=always
      RestartSec=1s
      # Watches never end by themselves; it would wait a minute for them.
      TimeoutStopSec=5s
      LimitNOFILE=65536
      NoNewPrivileges=yes
      ProtectSystem=full

      [Install]
      WantedBy=multi-user.target
    `,
    reads: [folder, '/usr/local/bin/kube-apiserver'],
    healthy: ready,
    wait: false,
  })
  await machine.until('the API server is ready', ready, { next })
})
// #endregion start

// #region rbac
// The admin is somebody only once a rule says so, and nobody may write rules
// yet: the one use of the super-admin. The second rule lets API servers into
// the kubelets.
const admins = { Group: 'cluster-admins' }
const servers = { User: 'kube-apiserver-kubelet-client' }
const rules = [
  clusterRoleBinding('cluster-admins', 'cluster-admin', admins),
  clusterRoleBinding('kubelet-clients', 'system:kubelet-api-admin', servers),
]
await apply(rules, { as: 'super-admin' })
// #endregion rbac

// #region verify
const authority = operator.read('pki/cluster/ca.crt')
const [first] = cluster.controlPlanes
const url = `https://${first?.address}:${port}`

await verify('every API server is ready, and says so to anybody', async () => {
  for (const { name, address } of cluster.controlPlanes) {
    const ready = `https://${address}:${port}/readyz`
    const { status } = await ask(ready, { authority })
    assert.equal(status, 200, `${name}: ${ready}`)
  }
})

const { anonymous, stranger, forgery, admin } = access(url, operator, api)
await verify('anonymous callers get nothing else', anonymous)
await verify('a certificate of another authority is nobody', stranger)
await verify('forged front-proxy headers change nothing', forgery)
await verify('the admin may do everything, by a rule', admin)

await verify('the audit log has the request that was made', async () => {
  const admin = operator.pair('cluster/admin')
  const { headers } = await ask(`${url}/api/v1/nodes`, { authority, ...admin })
  const seen = sh`grep --quiet ${String(headers['audit-id'])} ${logs}/audit.log`
  const limits = { seconds: 10, next: [`tail ${logs}/audit.log`] }
  await first?.until('the audit log has the request', seen, limits)
})
// #endregion verify

// #region drill
await drill('the API answers while one server is down', async (putBack) => {
  const [down, up] = cluster.controlPlanes
  if (!down || !up) return notApplicable('there is one API server')
  putBack(async () => {
    await down.run`systemctl start kube-apiserver`
    // Running is not ready: it knows no rules yet, and refuses everybody.
    await down.until('the API server is ready', ready, { next })
  })
  await down.run`systemctl stop kube-apiserver`
  await api().list('/api/v1/namespaces')
})
// #endregion drill

// #region undo
undo(cluster.controlPlanes, async (machine) => {
  await machine.removeService('kube-apiserver')
  await machine.remove(folder)
  await machine.removeEmpty('/etc/kubernetes')
  await machine.uninstall('kube-apiserver')
  if (!forget) return
  // Who did what: data, like that of etcd, and of use when all else is gone.
  await machine.remove(logs)
  await machine.removeUser(user)
})
// #endregion undo
