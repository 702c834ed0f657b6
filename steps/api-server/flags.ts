// How the API server of step 06 is started: every flag, and why

import type { Machine } from '../../lib/machine.ts'
import type { LiveCluster } from '../../lib/step.ts'

// #region serving
/**
 * All that its command line says.
 *
 * @param folder what step 06 wrote for it to read
 * @param logs where it writes
 */
export function flags(
  cluster: LiveCluster,
  machine: Machine,
  { folder, logs }: { folder: string; logs: string },
) {
  const { apiServer, etcdClient } = cluster.ports
  const { domain, services } = cluster.networks

  return {
    // Where others find this one: the kubernetes Service points here.
    'advertise-address': machine.address,
    'secure-port': apiServer.port,
    'tls-cert-file': `${folder}/serving.crt`,
    'tls-private-key-file': `${folder}/serving.key`,
    // All its ciphers are strong. Clients older than 2018 do not speak it.
    'tls-min-version': 'VersionTLS13',
    // #endregion serving

    // #region etcd
    // All members: an API server outlives the etcd of its own machine.
    'etcd-servers': cluster.controlPlanes
      .map(({ address }) => `https://${address}:${etcdClient.port}`)
      .join(','),
    'etcd-cafile': `${folder}/etcd-ca.crt`,
    'etcd-certfile': `${folder}/etcd-client.crt`,
    'etcd-keyfile': `${folder}/etcd-client.key`,
    'encryption-provider-config': `${folder}/encryption.yaml`,
    // #endregion etcd

    // #region authentication
    // Who are you?
    'client-ca-file': `${folder}/ca.crt`,
    'authentication-config': `${folder}/authentication.yaml`,
    'enable-bootstrap-token-auth': true, // for kubelets that join, step 10
    'service-account-issuer': `https://kubernetes.default.svc.${domain}`,
    'service-account-key-file': `${folder}/service-account.pub`,
    'service-account-signing-key-file': `${folder}/service-account.key`,
    // Tokens of pods end after an hour, as they say, and not after a year.
    'service-account-extend-token-expiration': false,
    // #endregion authentication

    // #region authorization
    // May you, and should it be so?
    'authorization-config': `${folder}/authorization.yaml`,
    // Besides the default ones. External IPs would let whoever may make a
    // Service take the traffic of any address.
    'enable-admission-plugins': 'NodeRestriction,DenyServiceExternalIPs',
    'admission-control-config-file': `${folder}/admission.yaml`,

    // Whether a pod may be privileged is for Pod Security to say:
    // admission.yaml.
    'allow-privileged': true,
    // #endregion authorization

    // #region services
    // Must hold the first address that step 03 put into the certificate.
    'service-cluster-ip-range': services,
    // #endregion services

    // #region kubelets
    // Logs and exec: kubelets must prove who they are, and so must we.
    'kubelet-certificate-authority': `${folder}/ca.crt`,
    'kubelet-client-certificate': `${folder}/kubelet-client.crt`,
    'kubelet-client-key': `${folder}/kubelet-client.key`,
    'kubelet-preferred-address-types': 'InternalIP,Hostname',
    // #endregion kubelets

    // #region front-proxy
    // API servers that extend this one trust the headers below when they come
    // with this certificate; so do we, from no one else.
    'proxy-client-cert-file': `${folder}/front-proxy-client.crt`,
    'proxy-client-key-file': `${folder}/front-proxy-client.key`,
    'requestheader-client-ca-file': `${folder}/front-proxy-ca.crt`,
    'requestheader-allowed-names': 'front-proxy-client',
    'requestheader-username-headers': 'X-Remote-User',
    'requestheader-group-headers': 'X-Remote-Group',
    'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
    // #endregion front-proxy

    // #region audit
    'audit-policy-file': `${folder}/audit.yaml`,
    'audit-log-path': `${logs}/audit.log`,
    'audit-log-maxsize': 100, // megabytes
    'audit-log-maxbackup': 10,
    'audit-log-maxage': 30, // days
    profiling: false, // costs nothing to those who do not debug it

    ...cluster.overridesFor(machine, 'kube-apiserver'),
  }
}
// #endregion audit
