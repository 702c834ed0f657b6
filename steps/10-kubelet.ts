// 10 kubelet: a machine becomes a node
// Runs on: every machine · Needs: 07, 08, 09 · Leaves: kubelet.service, nodes

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { subjectOf } from '../lib/csr.ts'
import { ask } from '../lib/https.ts'
import { kubeconfig } from '../lib/kubeconfig.ts'
import type { Machine } from '../lib/machine.ts'
import { clusterRoleBinding } from '../lib/rbac.ts'
import { sh } from '../lib/shell.ts'
import { notApplicable, step } from '../lib/step.ts'
import { commandLine, text } from '../lib/text.ts'
import { until } from '../lib/wait.ts'
import { yaml } from '../lib/yaml.ts'

const { cluster, operator, api, on, apply, verify, undo, retract } = await step(
  import.meta,
  ['07', '08', '09'],
)

const { apiBalancer, kubelet: kubeletPort } = cluster.ports
const folder = '/etc/kubernetes/kubelet'
const data = '/var/lib/kubelet'
const identity = `${data}/pki/kubelet-client-current.pem`
const bootstrap = `${folder}/bootstrap.kubeconfig`
const server = `https://127.0.0.1:${apiBalancer.port}`

// #region rules
// Two rights, and no more. Whoever joins may ask for a certificate; we
// approve below, for the one name that each token was made for. A node may
// renew its own, which the controller manager approves by itself.
const joiners = 'system:bootstrappers:kubernetes-from-scratch'
const renewal =
  'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient'

await apply([
  clusterRoleBinding('nodes-join', 'system:node-bootstrapper', {
    Group: joiners,
  }),
  clusterRoleBinding('nodes-renew', renewal, { Group: 'system:nodes' }),
])
// #endregion rules

// #region configure
await on(cluster.machines, async (machine) => {
  const { cgroup } = await machine.facts()
  await machine.install(['kubelet'])
  await machine.directory(data, { mode: 0o700 })
  const serving = operator.pair(`cluster/kubelet-${machine.name}`)
  const secret = { mode: 0o600 }
  await machine.file(`${folder}/ca.crt`, operator.read('pki/cluster/ca.crt'))
  await machine.file(`${folder}/serving.crt`, serving.certificate)
  await machine.file(`${folder}/serving.key`, serving.key, secret)

  // A control plane is kept for the control plane, unless it is a worker too.
  const reserved = machine.is('control-plane') && !machine.is('worker')
  const taint = {
    key: 'node-role.kubernetes.io/control-plane',
    effect: 'NoSchedule',
  }
  await machine.file(
    `${folder}/kubelet.yaml`,
    yaml({
      apiVersion: 'kubelet.config.k8s.io/v1beta1',
      kind: 'KubeletConfiguration',
      // Whoever may use this port runs what they like in every pod here. The
      // kubelet asks the API server who it is, and what they may do.
      authentication: {
        anonymous: { enabled: false },
        webhook: { enabled: true },
        x509: { clientCAFile: `${folder}/ca.crt` },
      },
      authorization: { mode: 'Webhook' },
      tlsCertFile: `${folder}/serving.crt`,
      tlsPrivateKeyFile: `${folder}/serving.key`,
      rotateCertificates: true,
      containerRuntimeEndpoint: 'unix:///run/containerd/containerd.sock',
      cgroupDriver: 'systemd',
      // The default since 1.35 is to refuse to start on cgroup v1.
      ...(cgroup === 1 && { failCgroupV1: false }),
      clusterDNS: [cluster.dnsAddress],
      clusterDomain: cluster.networks.domain,
      resolvConf: await resolvers(machine),
      // Pods get the runtime's list of allowed system calls, not all.
      seccompDefault: true,
      // Pods cannot take what the machine itself needs to stay alive.
      systemReserved: { cpu: '100m', memory: '200Mi' },
      kubeReserved: { cpu: '100m', memory: '200Mi' },
      evictionHard: {
        'memory.available': '100Mi',
        'nodefs.available': '5%',
        'imagefs.available': '5%',
      },
      // A machine with swap is warned about in step 02, and works: pods may
      // not use it.
      failSwapOn: false,
      memorySwap: { swapBehavior: 'NoSwap' },
      ...(reserved && { registerWithTaints: [taint] }),
      ...cluster.overridesFor(machine, 'kubelet'),
    }),
  )
})

// A resolver on a loopback address is the machine's own: to a pod it would be
// the pod itself, and CoreDNS would ask itself for ever.
function resolvers(machine: Machine) {
  return machine.read`
    if grep -q '^nameserver 127\.' /etc/resolv.conf &&
      [ -e /run/systemd/resolve/resolv.conf ]
    then echo /run/systemd/resolve/resolv.conf
    else echo /etc/resolv.conf; fi`
}
// #endregion configure

// #region join
// A token says "I may ask", for minutes. Each machine gets its own, so a
// request that comes with it can be for one name only.
const tokenType = 'bootstrap.kubernetes.io/token'
const joinLabel = 'kubernetes-from-scratch/join'
const joinTokens = () =>
  api().list(
    `/api/v1/namespaces/kube-system/secrets?labelSelector=${joinLabel}`,
  )
const joining = new Map<string, string>()

await on(cluster.machines, async (machine) => {
  if (await machine.test`[ -s ${identity} ]`) return
  const id = randomBytes(3).toString('hex')
  const secret = randomBytes(8).toString('hex')
  if (!machine.planning) {
    await api().apply(bootstrapToken(id, secret))
    joining.set(machine.name, id)
  }
  await machine.file(
    bootstrap,
    kubeconfig({
      clusterName: cluster.name,
      authority: operator.read('pki/cluster/ca.crt'),
      server,
      user: 'joiner',
      token: `${id}.${secret}`,
    }),
    { mode: 0o600 },
  )
})

function bootstrapToken(id: string, secret: string) {
  const minutes = 10
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: `bootstrap-token-${id}`,
      namespace: 'kube-system',
      labels: { [joinLabel]: 'yes' },
    },
    type: tokenType,
    stringData: {
      'token-id': id,
      'token-secret': secret,
      'usage-bootstrap-authentication': 'true',
      'auth-extra-groups': joiners,
      expiration: new Date(Date.now() + minutes * 60_000).toISOString(),
    },
  }
}
// #endregion join

// #region start
await on(cluster.machines, async (machine) => {
  await machine.service('kubelet', {
    unit: text`
      [Unit]
      Description=kubelet, the agent of Kubernetes on this machine
      After=containerd.service api-balancer.service

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

const requests = '/apis/certificates.k8s.io/v1/certificatesigningrequests'

await on(cluster.machines, async (machine) => {
  const id = joining.get(machine.name)
  if (!id) return
  const request = await until(
    `${machine.name} asks for its certificate`,
    async () => {
      const all = await api().list(requests)
      return all.find(({ spec }) => spec.username === `system:bootstrap:${id}`)
    },
    { next: [`journalctl -u kubelet on ${machine.name}`] },
  )
  const { commonName, organizations } = subjectOf(request.spec.request)
  assert.equal(commonName, `system:node:${machine.name}`)
  assert.deepEqual(organizations, ['system:nodes'])
  const approved = { type: 'Approved', status: 'True', reason: 'Joined' }
  await api().send('PUT', `${requests}/${request.metadata.name}/approval`, {
    ...request,
    status: { conditions: [approved] },
  })
  await machine.until('it has its certificate', sh`[ -s ${identity} ]`)
})

// Used up: neither half may be found by somebody else. A run that was cut off
// may have left some, too.
await on(cluster.machines, (machine) => machine.remove(bootstrap))
await on(operator, async ({ journal, planning }) => {
  if (planning) return
  for (const { metadata } of await joinTokens()) {
    await api().delete({ apiVersion: 'v1', kind: 'Secret', metadata })
    journal.changes.push(`deleted ${metadata.name}`)
  }
})
// #endregion start

// #region nodes
// A kubelet may not give itself a role: a stolen one could then draw the
// pods of the control plane to itself. So we do.
await on(cluster.machines, async (machine) => {
  if (machine.planning) return
  await until(`${machine.name} is a node`, () => node(machine.name), {
    next: [`journalctl -u kubelet on ${machine.name}`],
  })
  const labels = Object.fromEntries(
    machine.roles.map((role) => [`node-role.kubernetes.io/${role}`, '']),
  )
  const { changed } = await api().apply({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: machine.name, labels },
  })
  if (changed) machine.changed(`node ${machine.name}`)
})

function node(name: string) {
  return api().get(`/api/v1/nodes/${name}`)
}
// #endregion nodes

// #region verify
await verify(
  'every machine is a node, waiting for a network at most',
  async () => {
    for (const { name, address } of cluster.machines) {
      const status = (await node(name))?.status
      const ready = status?.conditions?.find(
        ({ type }: { type: string }) => type === 'Ready',
      )
      // NotReady is right before step 12, for this one reason.
      assert(
        ready?.status === 'True' || /cni|network/i.test(ready?.message ?? ''),
        `${name}: ${ready?.message ?? 'is not a node'}`,
      )
      const internal = status.addresses.find(
        ({ type }: { type: string }) => type === 'InternalIP',
      )
      assert.equal(internal.address, address, name)
    }
  },
)

await verify('a kubelet refuses callers that it does not know', async () => {
  const authority = operator.read('pki/cluster/ca.crt')
  const scheduler = operator.pair('cluster/kube-scheduler')
  for (const { name, address } of cluster.machines) {
    const url = `https://${address}:${kubeletPort.port}/pods`
    assert.equal((await ask(url, { authority })).status, 401, name)
    // Known, and not allowed.
    const known = await ask(url, { authority, ...scheduler })
    assert.equal(known.status, 403, name)
  }
})

await verify('a node may change itself and nobody else', async () => {
  const [machine, other] = cluster.machines
  if (!machine || !other) return notApplicable('there is one node')
  const status = await machine.read`
    curl --silent --output /dev/null --write-out %{http_code} \
      --cacert ${folder}/ca.crt --cert ${identity} --request PATCH \
      --header 'content-type: application/merge-patch+json' \
      --data '{"metadata":{"labels":{"stolen":"yes"}}}' \
      ${server}/api/v1/nodes/${other.name}?dryRun=All`
  assert.equal(status, '403')
})

await verify('no join token is left', async () => {
  const left = (await joinTokens()).map(({ metadata }) => metadata.name)
  assert.deepEqual(left, [])
})
// #endregion verify

// #region undo
undo(cluster.machines, async (machine) => {
  await machine.removeService('kubelet')
  // Pods live on without a kubelet; containerd has to be told.
  await machine.ensure(
    'pods stopped',
    sh`[ -z "$(ctr -n k8s.io containers ls -q)" ]
       ! systemctl is-active --quiet kubepods.slice`,
    sh`export CONTAINERD_NAMESPACE=k8s.io
       for id in $(ctr containers ls -q); do
         # Whatever was gone already is what we wanted.
         ctr tasks kill --all --signal 9 $id || true
         ctr tasks delete --force $id || true
         ctr containers delete $id || true
       done
       ip netns list | awk '/^cni-/ { print $1 }' | xargs -r -n1 ip netns delete
       awk '$2 ~ "^${data}/" { print $2 }' /proc/mounts | sort -r |
         xargs -r umount
       systemctl stop kubepods.slice`,
  )
  await machine.remove(folder, data, '/var/log/pods', '/var/log/containers')
  await machine.uninstall('kubelet')
})

retract(
  cluster.machines.map(({ name }) => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name },
  })),
)
// #endregion undo
