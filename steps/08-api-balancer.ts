// 08 API load balancer: every machine finds a living API server by itself
// Runs on: every machine · Needs: 06 · Leaves: api-balancer.service

import assert from 'node:assert/strict'
import { curl } from '../lib/curl.ts'
import type { Machine } from '../lib/machine.ts'
import { sh } from '../lib/shell.ts'
import { notApplicable, step } from '../lib/step.ts'
import { text } from '../lib/text.ts'

const { cluster, operator, on, verify, undo, drill } = await step(import.meta, [
  '02',
  '06',
])

const { apiServer, apiBalancer } = cluster.ports
const folder = '/etc/kubernetes/api-balancer'

// #region configure
// A virtual address needs one network segment, a cloud balancer needs a
// cloud. A small proxy on every machine needs neither, and when it fails it
// fails for one machine. It passes TLS through: it can read nothing, and the
// other end still is an API server with a certificate to show. Where there is
// no other server to go to, nobody asks the only one how it is.
const checking = cluster.controlPlanes.length > 1 ? 'check' : 'no-check'
const configuration = text`
  global
    log /dev/log local0 notice
  defaults
    mode tcp
    log global
    timeout connect 2s
    # An API server that is gone is found gone at the next connection, which
    # then goes to another one.
    option redispatch 1
    # Watches are quiet for long; they end when either side ends them.
    timeout client 1h
    timeout server 1h
  frontend api
    bind 127.0.0.1:${apiBalancer.port}
    default_backend api-servers
  backend api-servers
    balance leastconn
    option httpchk GET /readyz
    http-check expect status 200
    # One that is gone takes its connections with it: clients come again at
    # once instead of waiting for a time-out.
    default-server on-marked-down shutdown-sessions
    default-server ${checking} inter 2s fastinter 1s downinter 1s fall 3 rise 1
    # But one that is slow keeps them: all its clients would log in anew, and
    # it would be slower still.
    timeout check 10s
    default-server check-ssl verify required ca-file ${folder}/ca.crt
    ${cluster.controlPlanes
      .map((m) => `server ${m.name} ${m.address}:${apiServer.port}`)
      .join('\n  ')}
`

await on(cluster.machines, (machine) =>
  machine.files(folder, {
    'ca.crt': operator.read('pki/cluster/ca.crt'),
    'haproxy.cfg': configuration,
  }),
)
// #endregion configure

// #region start
const ready = sh`${curl()} --fail --cacert ${folder}/ca.crt \
  https://127.0.0.1:${apiBalancer.port}/readyz`

await on(cluster.machines, async (machine) => {
  await machine.service('api-balancer', {
    // The package brings a unit and a configuration of its own, for one
    // HAProxy a machine; step 02 masked that unit and left it to its owner.
    unit: text`
      [Unit]
      Description=Balancer in front of the Kubernetes API servers
      Wants=network-online.target
      After=network-online.target
      StartLimitIntervalSec=0

      [Service]
      Type=notify
      User=haproxy
      ExecStart=/usr/sbin/haproxy -Ws -f ${folder}/haproxy.cfg
      KillMode=mixed
      Restart=always
      RestartSec=1s
      LimitNOFILE=65536
      NoNewPrivileges=yes
      ProtectSystem=full

      [Install]
      WantedBy=multi-user.target
    `,
    reads: [folder],
  })
  await machine.until('the API answers through the balancer', ready, {
    next: ['journalctl -u api-balancer'],
  })
})
// #endregion start

// #region verify
await verify('the API answers through the balancer of every machine', () =>
  Promise.all(
    cluster.machines.map(async (machine) => {
      const said = await machine.read`${ready}`
      assert.equal(said, 'ok', `${machine.name}: /readyz by its balancer`)
    }),
  ),
)
// #endregion verify

// #region drill
await drill(
  'the API survives one control plane that stops',
  async (putBack) => {
    const [down, up] = cluster.controlPlanes
    if (!down || !up) return notApplicable('there is one control plane')
    putBack(async () => {
      await down.run`systemctl start kube-apiserver`
      const own = `https://127.0.0.1:${apiServer.port}/readyz`
      await down.until(
        'its API server is ready again',
        sh`${curl()} --fail --cacert ${folder}/ca.crt ${own}`,
        { next: ['journalctl -u kube-apiserver'] },
      )
    })
    await down.run`systemctl stop kube-apiserver`
    // A connection made before a balancer has noticed may fail; once one has
    // succeeded, none may fail any more.
    const check = async (machine: Machine) => {
      const next = ['journalctl -u api-balancer']
      await machine.until('the API answers', ready, { seconds: 10, next })
      await machine.read`for i in $(seq 20); do ${ready} >/dev/null; done`
    }
    await Promise.all(cluster.machines.map(check))
  },
)
// #endregion drill

// #region undo
undo(cluster.machines, async (machine) => {
  await machine.removeService('api-balancer')
  await machine.remove(folder)
  await machine.removeEmpty('/etc/kubernetes')
})
// #endregion undo
