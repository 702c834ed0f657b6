// 03 certificates: who is who in this cluster
// Runs on: the operator · Needs: 02 · Leaves: pki/ in the state folder

import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { describe, type Identity } from '../lib/pki.ts'
import { step } from '../lib/step.ts'

const { cluster, operator, on, verify, undo, forget } = await step(
  import.meta,
  ['02'],
)

// #region lifetimes
// An authority must outlive everything that it signs, and changing one means
// visiting every machine: ten years. A leaf that leaks is good until it ends,
// and renewing it is one command: one year.
const authorityDays = 3650
const leafDays = 365
// #endregion lifetimes

// #region authorities
// Three, so that trust does not leak sideways: a certificate that opens the
// API must not open the database, and only the front proxy may say "this
// request comes from alice" in a header.
const authorities = ['cluster', 'etcd', 'front-proxy']

await on(operator, async () => {
  for (const name of authorities) {
    const commonName = `${name}-ca`
    await operator.authority(name, { commonName, days: authorityDays })
  }
})
// #endregion authorities

// #region people
// Kubernetes has no list of users: the common name of a certificate is the
// user, its organizations are the groups.
const client = (commonName: string, ...organizations: string[]): Identity => {
  return { commonName, organizations, usages: ['client'] }
}

// FOLDER/NAME: signed by the authority of that folder.
const certificates: Record<string, Identity> = {
  'cluster/admin': client('kubernetes-admin', 'cluster-admins'),
  // The API server gives system:masters everything before it asks any rule,
  // so this one cannot be taken back. Keep it for the day RBAC is broken.
  'cluster/super-admin': client('kubernetes-super-admin', 'system:masters'),
}
// #endregion people

// #region components
// What these three may do is built into the API server, under these names.
const components = ['kube-controller-manager', 'kube-scheduler', 'kube-proxy']
for (const component of components) {
  certificates[`cluster/${component}`] = client(`system:${component}`)
}
// #endregion components

// #region api-server
// A server is believed when the name that was dialled is in its certificate.
for (const { name } of cluster.controlPlanes) {
  certificates[`cluster/kube-apiserver-${name}`] = {
    commonName: 'kube-apiserver',
    dnsNames: cluster.apiServerNames,
    addresses: cluster.apiServerAddresses,
    usages: ['server'],
  }
}

// As a client the API server is three others: of kubelets, for logs and
// exec; of etcd; of API servers that extend it. Each can leak alone.
for (const name of [
  'cluster/kube-apiserver-kubelet-client',
  'etcd/kube-apiserver-etcd-client',
  'front-proxy/front-proxy-client',
]) {
  certificates[name] = client(name.replace(/.*\//, ''))
}
// #endregion api-server

// #region kubelets
// With this a kubelet serves logs and exec. What it calls the API with, it
// asks for itself in step 10.
for (const { name, address } of cluster.machines) {
  certificates[`cluster/kubelet-${name}`] = {
    commonName: `system:node:${name}`,
    organizations: ['system:nodes'],
    dnsNames: [name],
    addresses: [address],
    usages: ['server'],
  }
}
// #endregion kubelets

// #region etcd
// A member dials its peers and is dialled by them, so it is both, always.
for (const { name, address } of cluster.controlPlanes) {
  for (const purpose of ['server', 'peer']) {
    certificates[`etcd/${purpose}-${name}`] = {
      commonName: name,
      dnsNames: ['localhost', name],
      addresses: ['127.0.0.1', address],
      usages: ['server', 'client'],
    }
  }
}
certificates['etcd/etcdctl'] = client('etcdctl')
// #endregion etcd

// #region issue
await on(operator, () =>
  Promise.all([
    ...Object.entries(certificates).map(([name, identity]) =>
      operator.certificate(name, { ...identity, days: leafDays }),
    ),
    // Not a certificate: the private half signs the tokens of pods, the
    // public half checks them. One pair, shared by all API servers.
    operator.keyPair('service-account'),
  ]),
)
// #endregion issue

// #region verify
await verify('every certificate is whole, current and of its authority', () => {
  for (const name of Object.keys(certificates)) operator.pair(name)
})

await verify('every API server may speak for the kubernetes Service', () => {
  for (const { name } of cluster.controlPlanes) {
    const { certificate } = operator.pair(`cluster/kube-apiserver-${name}`)
    const { addresses } = describe(certificate)
    const wanted = cluster.kubernetesServiceAddress
    assert(addresses.includes(wanted), `${name}: no ${wanted} in ${addresses}`)
  }
})

await verify('no two authorities share a key', () => {
  const keys = authorities.map((name) => {
    const certificate = operator.read(`pki/${name}/ca.crt`)
    const { publicKey } = new X509Certificate(certificate)
    return publicKey.export({ type: 'spki', format: 'pem' })
  })
  assert.equal(new Set(keys).size, authorities.length)
})
// #endregion verify

// #region undo
undo(operator, () => {
  // Without the keys of its authorities a cluster cannot be maintained.
  if (forget) operator.remove('pki')
})
// #endregion undo
