// 06 API server: the only door to the database
// Runs on: every control plane · Needs: 05 · Leaves: kube-apiserver.service

import assert from 'node:assert/strict'
import { ask } from '../lib/https.ts'
import { issue } from '../lib/pki.ts'
import { clusterRoleBinding } from '../lib/rbac.ts'
import { sh } from '../lib/shell.ts'
import { notApplicable, step } from '../lib/step.ts'
import { commandLine, text } from '../lib/text.ts'

const { cluster, operator, api, on, apply, verify, undo, drill } = await step(
  import.meta,
  ['04', '05'],
)

const { apiServer, etcdClient } = cluster.ports
const { domain } = cluster.networks
const folder = '/etc/kubernetes/api-server'
const logs = '/var/log/kubernetes'

// #region files
// One unprivileged user for the API server, the controller manager and the
// scheduler: none of them needs root, and all of them read these keys.
const user = 'kubernetes'
const secret = { mode: 0o640, owner: `root:${user}` }

await on(cluster.controlPlanes, async (machine) => {
  await machine.install(['kube-apiserver'])
  await machine.user(user)
  await machine.directory(folder, { mode: 0o750, owner: `root:${user}` })
  await machine.directory(logs, { mode: 0o700, owner: user })

  await machine.files(
    folder,
    {
      'ca.crt': operator.read('pki/cluster/ca.crt'),
      'etcd-ca.crt': operator.read('pki/etcd/ca.crt'),
      'front-proxy-ca.crt': operator.read('pki/front-proxy/ca.crt'),
      ...operator.tls('serving', `cluster/kube-apiserver-${machine.name}`),
      ...operator.tls(
        'kubelet-client',
        'cluster/kube-apiserver-kubelet-client',
      ),
      ...operator.tls('etcd-client', 'etcd/kube-apiserver-etcd-client'),
      ...operator.tls('front-proxy-client', 'front-proxy/front-proxy-client'),
      'service-account.pub': operator.read('pki/service-account.pub'),
      'service-account.key': operator.read('pki/service-account.key'),
      'encryption.yaml': operator.read('encryption.yaml'),
    },
    secret,
  )
})
// #endregion files

// #region policies
const policies = {
  // Who are you? Client certificates and service-account tokens are on by
  // their flags. Who shows neither may ask one thing: are you healthy?
  'authentication.yaml': text`
    apiVersion: apiserver.config.k8s.io/v1
    kind: AuthenticationConfiguration
    anonymous:
      enabled: true
      conditions: [{ path: /livez }, { path: /readyz }, { path: /healthz }]
  `,
  // May you? Asked in this order. Node limits a kubelet to its own node and
  // what the pods there need, RBAC is for everybody else. What neither of
  // them allows is denied.
  'authorization.yaml': text`
    apiVersion: apiserver.config.k8s.io/v1
    kind: AuthorizationConfiguration
    authorizers:
      - { type: Node, name: node }
      - { type: RBAC, name: rbac }
  `,
  // Should it be so? The last gate before the database. Pods may not take
  // over their machine (baseline) unless they are part of the cluster.
  'admission.yaml': text`
    apiVersion: apiserver.config.k8s.io/v1
    kind: AdmissionConfiguration
    plugins:
      - name: PodSecurity
        configuration:
          apiVersion: pod-security.admission.config.k8s.io/v1
          kind: PodSecurityConfiguration
          defaults: { enforce: baseline, warn: restricted }
          exemptions: { namespaces: [kube-system] }
  `,
  // Who did what? Without a policy nothing is written at all. Health checks
  // and leases, several a second, would drown the rest. Bodies stay out: a
  // log that holds Secrets is a second database to protect.
  'audit.yaml': text`
    apiVersion: audit.k8s.io/v1
    kind: Policy
    omitStages: [RequestReceived]
    rules:
      - level: None
        nonResourceURLs: [/livez*, /readyz*, /healthz*]
      - level: None
        resources: [{ group: coordination.k8s.io, resources: [leases] }]
      - level: Metadata
  `,
}

await on(cluster.controlPlanes, (machine) =>
  machine.files(folder, policies, secret),
)
// #endregion policies

// #region flags
const flags = (machine: { address: string }) => ({
  // Where others find this one: the kubernetes Service points here.
  'advertise-address': machine.address,
  'secure-port': apiServer.port,
  'tls-cert-file': `${folder}/serving.crt`,
  'tls-private-key-file': `${folder}/serving.key`,

  // All members: an API server outlives the etcd of its own machine.
  'etcd-servers': cluster.controlPlanes
    .map(({ address }) => `https://${address}:${etcdClient.port}`)
    .join(','),
  'etcd-cafile': `${folder}/etcd-ca.crt`,
  'etcd-certfile': `${folder}/etcd-client.crt`,
  'etcd-keyfile': `${folder}/etcd-client.key`,
  'encryption-provider-config': `${folder}/encryption.yaml`,

  // Who are you?
  'client-ca-file': `${folder}/ca.crt`,
  'authentication-config': `${folder}/authentication.yaml`,
  'enable-bootstrap-token-auth': true, // for kubelets that join, step 10
  'service-account-issuer': `https://kubernetes.default.svc.${domain}`,
  'service-account-key-file': `${folder}/service-account.pub`,
  'service-account-signing-key-file': `${folder}/service-account.key`,

  // May you, and should it be so?
  'authorization-config': `${folder}/authorization.yaml`,
  'enable-admission-plugins': 'NodeRestriction', // besides the default ones
  'admission-control-config-file': `${folder}/admission.yaml`,

  // Whether a pod may be privileged is for Pod Security to say, above.
  'allow-privileged': true,

  // Must hold the first address that step 03 put into the certificate.
  'service-cluster-ip-range': cluster.networks.services,

  // Logs and exec: kubelets must prove who they are, and so must we.
  'kubelet-certificate-authority': `${folder}/ca.crt`,
  'kubelet-client-certificate': `${folder}/kubelet-client.crt`,
  'kubelet-client-key': `${folder}/kubelet-client.key`,
  'kubelet-preferred-address-types': 'InternalIP,Hostname',

  // API servers that extend this one trust the headers below when they come
  // with this certificate; so do we, from no one else.
  'proxy-client-cert-file': `${folder}/front-proxy-client.crt`,
  'proxy-client-key-file': `${folder}/front-proxy-client.key`,
  'requestheader-client-ca-file': `${folder}/front-proxy-ca.crt`,
  'requestheader-allowed-names': 'front-proxy-client',
  'requestheader-username-headers': 'X-Remote-User',
  'requestheader-group-headers': 'X-Remote-Group',
  'requestheader-extra-headers-prefix': 'X-Remote-Extra-',

  'audit-policy-file': `${folder}/audit.yaml`,
  'audit-log-path': `${logs}/audit.log`,
  'audit-log-maxsize': 100, // megabytes
  'audit-log-maxbackup': 5,
  profiling: false, // costs nothing to those who do not debug it
})
// #endregion flags

// #region start
const ready = sh`curl --silent --fail --cacert ${folder}/ca.crt \
  https://127.0.0.1:${apiServer.port}/readyz`

await on(cluster.controlPlanes, async (machine) => {
  await machine.service('kube-apiserver', {
    unit: text`
      [Unit]
      Description=Kubernetes API server
      After=network-online.target etcd.service

      [Service]
      Type=notify
      User=${user}
      ExecStart=${commandLine('/usr/local/bin/kube-apiserver', {
        ...flags(machine),
        ...cluster.overridesFor(machine, 'kube-apiserver'),
      })}
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
  await machine.until('the API server is ready', ready, {
    next: ['journalctl -u kube-apiserver'],
  })
})
// #endregion start

// #region rbac
// The admin is somebody only once a rule says so, and nobody may write rules
// yet: the one use of the super-admin. The second rule lets API servers into
// the kubelets.
await apply(
  [
    clusterRoleBinding('cluster-admins', 'cluster-admin', {
      Group: 'cluster-admins',
    }),
    clusterRoleBinding('kubelet-clients', 'system:kubelet-api-admin', {
      User: 'kube-apiserver-kubelet-client',
    }),
  ],
  { as: 'super-admin' },
)
// #endregion rbac

// #region verify
const authority = operator.read('pki/cluster/ca.crt')
const [first] = cluster.controlPlanes
const url = `https://${first?.address}:${apiServer.port}`

await verify('every API server is ready, and says so to anybody', async () => {
  for (const { name, address } of cluster.controlPlanes) {
    const ready = `https://${address}:${apiServer.port}/readyz`
    assert.equal((await ask(ready, { authority })).status, 200, name)
  }
})

await verify('anonymous callers get nothing else', async () => {
  for (const path of ['/api/v1/secrets', '/openid/v1/jwks', '/version']) {
    assert.equal((await ask(url + path, { authority })).status, 401, path)
  }
})

await verify('a certificate of another authority is nobody', async () => {
  const stranger = operator.pair('etcd/etcdctl')
  const { status } = await ask(`${url}/api`, { authority, ...stranger })
  assert.equal(status, 401)
})

await verify('forged front-proxy headers change nothing', async () => {
  const headers = { 'X-Remote-User': 'x', 'X-Remote-Group': 'system:masters' }
  const secrets = (identity: { certificate: string; key: string }) =>
    ask(`${url}/api/v1/secrets`, { authority, headers, ...identity })
  const scheduler = operator.pair('cluster/kube-scheduler')
  assert.equal((await secrets(scheduler)).status, 403)
  // Signed by the right authority, but not the name that is allowed.
  const impostor = await issue({
    authority: operator.pair('front-proxy/ca'),
    commonName: 'impostor',
    usages: ['client'],
    days: 1,
  })
  assert.equal((await secrets(impostor)).status, 401)
})

await verify('the audit log has the request that was made', async () => {
  const admin = operator.pair('cluster/admin')
  const { headers } = await ask(`${url}/api/v1/nodes`, {
    authority,
    ...admin,
  })
  await first?.until(
    'the audit log has the request',
    sh`grep --quiet ${String(headers['audit-id'])} ${logs}/audit.log`,
    { seconds: 10 },
  )
})

await verify('the admin may do everything, by a rule', async () => {
  const review = await api().send(
    'POST',
    '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    { spec: { resourceAttributes: { verb: '*', resource: '*', group: '*' } } },
  )
  assert.equal(review.status.allowed, true, review.status.reason)
})
// #endregion verify

// #region drill
await drill('the API answers while one server is down', async (putBack) => {
  const [down, up] = cluster.controlPlanes
  if (!down || !up) return notApplicable('there is one API server')
  putBack(async () => {
    await down.run`systemctl start kube-apiserver`
    // Running is not ready: it knows no rules yet, and refuses everybody.
    await down.until('the API server is ready', ready)
  })
  await down.run`systemctl stop kube-apiserver`
  await api().list('/api/v1/namespaces')
})
// #endregion drill

// #region undo
undo(cluster.controlPlanes, async (machine) => {
  await machine.removeService('kube-apiserver')
  await machine.remove(folder, logs)
  await machine.uninstall('kube-apiserver')
})
// #endregion undo
