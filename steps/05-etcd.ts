// 05 etcd: the database behind the API server
// Runs on: every control plane · Needs: 04 · Leaves: etcd.service, a quorum

import assert from 'node:assert/strict'
import { ask } from '../lib/https.ts'
import { sh } from '../lib/shell.ts'
import { notApplicable, step } from '../lib/step.ts'
import { commandLine, text } from '../lib/text.ts'
import { yaml } from '../lib/yaml.ts'

const { cluster, operator, on, verify, undo, drill, forget } = await step(
  import.meta,
  ['02', '04'],
)

const { etcdClient, etcdPeer } = cluster.ports
const configuration = '/etc/etcd'
const pki = `${configuration}/pki`
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
  const server = operator.pair(`etcd/server-${machine.name}`)
  const peer = operator.pair(`etcd/peer-${machine.name}`)
  const etcdctl = operator.pair('etcd/etcdctl')
  await machine.files(pki, {
    'ca.crt': operator.read('pki/etcd/ca.crt'),
    'server.crt': server.certificate,
    'peer.crt': peer.certificate,
    'etcdctl.crt': etcdctl.certificate,
  })
  const secret = { mode: 0o600, owner: 'etcd' }
  await machine.file(`${pki}/server.key`, server.key, secret)
  await machine.file(`${pki}/peer.key`, peer.key, secret)
  await machine.file(`${pki}/etcdctl.key`, etcdctl.key, { mode: 0o600 })
})
// #endregion certificates

// #region configure
await on(cluster.controlPlanes, async (machine) => {
  const { name, address } = machine
  const peers = cluster.controlPlanes
    .map(
      (member) => `${member.name}=https://${member.address}:${etcdPeer.port}`,
    )
    .join(',')
  // Only a member's first start reads the list of its peers; afterwards the
  // list in the database counts. So the file keeps the one that it was
  // started with, and a cluster that grows restarts nobody.
  const first = await machine.read`
    [ ! -d ${data}/member ] || [ ! -e ${configuration}/etcd.yaml ] ||
      sed -n 's/^initial-cluster: //p' ${configuration}/etcd.yaml`

  const client = `https://${address}:${etcdClient.port}`
  const loopback = `https://127.0.0.1:${etcdClient.port}`
  const peer = `https://${address}:${etcdPeer.port}`
  await machine.file(
    `${configuration}/etcd.yaml`,
    yaml({
      name,
      'data-dir': data,
      'listen-client-urls': `${client},${loopback}`,
      'advertise-client-urls': client,
      'listen-peer-urls': peer,
      'initial-advertise-peer-urls': peer,
      'initial-cluster': first || peers,
      'initial-cluster-token': cluster.identity,
      // Whoever has no certificate of the etcd authority is refused: whoever
      // reads the database reads every Secret, whoever writes it owns all.
      'client-transport-security': {
        'client-cert-auth': true,
        'trusted-ca-file': `${pki}/ca.crt`,
        'cert-file': `${pki}/server.crt`,
        'key-file': `${pki}/server.key`,
      },
      'peer-transport-security': {
        'client-cert-auth': true,
        'trusted-ca-file': `${pki}/ca.crt`,
        'cert-file': `${pki}/peer.crt`,
        'key-file': `${pki}/peer.key`,
      },
      ...cluster.overridesFor(machine, 'etcd'),
    }),
  )
})
// #endregion configure

// #region start
const etcdctl = sh`etcdctl --cacert ${pki}/ca.crt \
  --cert ${pki}/etcdctl.crt --key ${pki}/etcdctl.key`

await on(cluster.controlPlanes, (machine) =>
  machine.service('etcd', {
    unit: text`
      [Unit]
      Description=etcd, the database of Kubernetes
      After=network-online.target

      [Service]
      Type=notify
      User=etcd
      ExecStart=${commandLine('/usr/local/bin/etcd', {
        'config-file': `${configuration}/etcd.yaml`,
      })}
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
    reads: [`${configuration}/etcd.yaml`, pki, '/usr/local/bin/etcd'],
    // The first start of a member succeeds when enough others are there, so
    // nobody waits for it alone.
    wait: false,
    healthy: sh`${etcdctl} endpoint health`,
  }),
)

await on(cluster.controlPlanes, (machine) =>
  machine.until('etcd has a leader', sh`${etcdctl} endpoint health`, {
    next: ['journalctl -u etcd'],
  }),
)
// #endregion start

// #region verify
const [member] = cluster.controlPlanes
assert(member)

await verify('every member is healthy and exactly one leads', async () => {
  const output = await member.read`${etcdctl} endpoint status \
    --cluster --write-out json`
  const members = JSON.parse(output) as { Status: EtcdStatus }[]
  assert.equal(members.length, cluster.controlPlanes.length)
  const leaders = members.filter(({ Status: { header, leader } }) => {
    return header.member_id === leader
  })
  assert.equal(leaders.length, 1, `${leaders.length} members lead`)
})

interface EtcdStatus {
  header: { member_id: number }
  leader: number
}

await verify('a write on one member is read on every other', async () => {
  const key = '/kubernetes-from-scratch/verify'
  await member.run`${etcdctl} put ${key} ${cluster.identity}`
  for (const machine of cluster.controlPlanes) {
    const value = await machine.read`
      ${etcdctl} get --print-value-only ${key}`
    assert.equal(value, cluster.identity, `${machine.name} read ${value}`)
  }
  await member.run`${etcdctl} del ${key}`
})

await verify('a certificate of another authority is refused', async () => {
  const authority = operator.read('pki/etcd/ca.crt')
  const stranger = operator.pair('cluster/super-admin')
  const url = `https://${member.address}:${etcdClient.port}/health`
  const refusal = { code: /^ERR_SSL_.*ALERT/ }
  await assert.rejects(ask(url, { authority, ...stranger }), refusal)
})
// #endregion verify

// #region drill
await drill(
  'the cluster writes on while one member is down',
  async (putBack) => {
    const [down, up] = cluster.controlPlanes
    if (!down || !up || cluster.controlPlanes.length < 3) {
      return notApplicable('a quorum of one or two survives no loss')
    }
    putBack(() => down.run`systemctl start etcd`)
    await down.run`systemctl stop etcd`
    await up.run`${etcdctl} put /kubernetes-from-scratch/drill written
    ${etcdctl} del /kubernetes-from-scratch/drill`
  },
)
// #endregion drill

// #region undo
undo(cluster.controlPlanes, async (machine) => {
  await machine.removeService('etcd')
  await machine.remove(configuration)
  await machine.uninstall('etcd', 'etcdctl', 'etcdutl')
  if (forget) await machine.remove(data)
})
// #endregion undo
