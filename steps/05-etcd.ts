// 05 etcd: the database behind the API server
// Runs on: every control plane · Needs: 04 · Leaves: etcd.service, a quorum

import assert from 'node:assert/strict'
import { ask } from '../lib/https.ts'
import { sh } from '../lib/shell.ts'
import { notApplicable, step } from '../lib/step.ts'
import { text } from '../lib/text.ts'
import { configuration } from './etcd/configuration.ts'
import { etcdctl, pki } from './etcd/etcdctl.ts'

const { cluster, operator, on, verify, undo, drill, forget } = await step(
  import.meta,
  ['02', '04'],
)

const folder = '/etc/etcd'
const data = '/var/lib/etcd'

// #region install
await on(cluster.controlPlanes, async (machine) => {
  await machine.install(['etcd', 'etcdctl', 'etcdutl'])
  await machine.user('etcd')
  // etcd refuses a data folder that others can read.
  await machine.directory(data, { mode: 0o700, owner: 'etcd' })
})
// #endregion install

// #region certificates
await on(cluster.controlPlanes, async (machine) => {
  await machine.file(`${pki}/ca.crt`, operator.read('pki/etcd/ca.crt'))
  const ofEtcd = {
    ...operator.tls('server', `etcd/server-${machine.name}`),
    ...operator.tls('peer', `etcd/peer-${machine.name}`),
  }
  await machine.files(pki, ofEtcd, { mode: 0o600, owner: 'etcd' })
  const ofRoot = operator.tls('etcdctl', 'etcd/etcdctl')
  await machine.files(pki, ofRoot, { mode: 0o600 })
})
// #endregion certificates

// #region configure
await on(cluster.controlPlanes, async (machine) => {
  // Only a member's first start reads the list of its peers; afterwards the
  // list in the database counts. So the file keeps the one that it was
  // started with, and a cluster that grows restarts nobody.
  const first = await machine.read`
    [ ! -d ${data}/member ] || [ ! -e ${folder}/etcd.yaml ] ||
      sed -n 's/^initial-cluster: //p' ${folder}/etcd.yaml`
  const settings = configuration(cluster, machine, { pki, data, first })
  await machine.file(`${folder}/etcd.yaml`, settings)
})
// #endregion configure

// #region start
const ctl = etcdctl()
const healthy = sh`${ctl} endpoint health`

await on(cluster.controlPlanes, async (machine) => {
  await machine.service('etcd', {
    unit: text`
      [Unit]
      Description=etcd, the database of Kubernetes
      # After alone waits for nothing: whoever needs the target wants it, too.
      Wants=network-online.target
      After=network-online.target
      # However often it fails, it is started again.
      StartLimitIntervalSec=0

      [Service]
      Type=notify
      User=etcd
      ExecStart=/usr/local/bin/etcd \
        --config-file=${folder}/etcd.yaml
      Restart=always
      RestartSec=1s
      # It may be slow to find its peers after a power cut: never give up.
      TimeoutStartSec=infinity
      LimitNOFILE=65536
      NoNewPrivileges=yes
      ProtectSystem=full

      [Install]
      WantedBy=multi-user.target
    `,
    reads: [`${folder}/etcd.yaml`, pki, '/usr/local/bin/etcd'],
    // The first start of a member succeeds when enough others are there, so
    // nobody waits for it alone.
    wait: false,
    healthy,
  })
  await machine.until('etcd has a leader', healthy, {
    next: ['journalctl -u etcd'],
  })
})
// #endregion start

// #region verify
const [member] = cluster.controlPlanes
assert(member)

await verify('every member is healthy and exactly one leads', async () => {
  const members = JSON.parse(
    await member.read`${ctl} endpoint status --cluster --write-out json`,
  ) as { Status: { header: { member_id: number }; leader: number } }[]
  const known = 'members that etcd knows'
  assert.equal(members.length, cluster.controlPlanes.length, known)
  const leaders = members.filter(
    ({ Status }) => Status.header.member_id === Status.leader,
  )
  assert.equal(leaders.length, 1, `${leaders.length} members lead`)
})

await verify('a write on one member is read on every other', async () => {
  const key = '/kubernetes-from-scratch/verify'
  await member.run`${ctl} put ${key} ${cluster.identity}`
  for (const machine of cluster.controlPlanes) {
    const value = await machine.read`${ctl} get --print-value-only ${key}`
    assert.equal(value, cluster.identity, `${machine.name} read ${value}`)
  }
  await member.run`${ctl} del ${key}`
})

await verify('a certificate of another authority is refused', async () => {
  const authority = operator.read('pki/etcd/ca.crt')
  const stranger = operator.pair('cluster/super-admin')
  const refusal = { code: /^ERR_SSL_.*ALERT/ }
  for (const { port } of [cluster.ports.etcdClient, cluster.ports.etcdPeer]) {
    const url = `https://${member.address}:${port}/health`
    const asked = ask(url, { authority, ...stranger })
    await assert.rejects(asked, refusal, `port ${port} let it in`)
  }
})
// #endregion verify

// #region drill
await drill('writing goes on while one member is down', async (putBack) => {
  const [down, up] = cluster.controlPlanes
  if (!down || !up || cluster.controlPlanes.length < 3) {
    return notApplicable('a quorum of one or two survives no loss')
  }
  putBack(() => down.run`systemctl start etcd`)
  await down.run`systemctl stop etcd`
  await up.run`${ctl} put /kubernetes-from-scratch/drill written
    ${ctl} del /kubernetes-from-scratch/drill`
})
// #endregion drill

// #region undo
undo(cluster.controlPlanes, async (machine) => {
  await machine.removeService('etcd')
  await machine.remove(folder)
  await machine.uninstall('etcd', 'etcdctl', 'etcdutl')
  if (!forget) return
  await machine.remove(data)
  await machine.removeUser('etcd')
})
// #endregion undo
