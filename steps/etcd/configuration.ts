// What step 05 tells a member of etcd: its addresses, and whom it trusts

import type { Machine } from '../../lib/machine.ts'
import type { LiveCluster } from '../../lib/step.ts'
import { yaml } from '../../lib/yaml.ts'

// #region addresses
/**
 * The text of etcd.yaml.
 *
 * @param pki folder of the certificates
 * @param data folder of the database
 * @param first the list of members that it was first started with, or ''
 */
export function configuration(
  cluster: LiveCluster,
  machine: Machine,
  { pki, data, first }: { pki: string; data: string; first: string },
): string {
  const { etcdClient, etcdPeer } = cluster.ports
  const client = `https://${machine.address}:${etcdClient.port}`
  const loopback = `https://127.0.0.1:${etcdClient.port}`
  const peer = `https://${machine.address}:${etcdPeer.port}`
  const members = cluster.controlPlanes
    .map(({ name, address }) => `${name}=https://${address}:${etcdPeer.port}`)
    .join(',')

  return yaml({
    name: machine.name,
    'data-dir': data,
    'listen-client-urls': `${client},${loopback}`,
    'advertise-client-urls': client,
    'listen-peer-urls': peer,
    'initial-advertise-peer-urls': peer,
    'initial-cluster': first || members,
    'initial-cluster-token': cluster.identity,
    // #endregion addresses

    // #region trust
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
    // Every client here speaks it, and it has no weak ciphers to leave out.
    'tls-min-version': 'TLS1.3',
    ...cluster.overridesFor(machine, 'etcd'),
  })
}
// #endregion trust
