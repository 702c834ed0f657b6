// What a kubelet is told, and why. What is not said here is as Kubernetes
// has it by default.

import type { Machine } from '../../lib/machine.ts'
import type { LiveCluster } from '../../lib/step.ts'

/**
 * The configuration of the kubelet on one machine.
 *
 * @param folder holds its serving certificate, and the cluster's authority
 */
export async function configuration(
  machine: Machine,
  cluster: LiveCluster,
  folder: string,
) {
  const { cgroup } = await machine.facts()
  // #region taint
  // A control plane is kept for the control plane, unless it is a worker too.
  const reserved = machine.is('control-plane') && !machine.is('worker')
  const taint = {
    key: 'node-role.kubernetes.io/control-plane',
    effect: 'NoSchedule',
  }
  // #endregion taint

  // #region configuration
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    // Where the API servers dial it; by default it answers on every address.
    address: machine.address,
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
    tlsMinVersion: 'VersionTLS13',
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
    // A pod that forks for ever takes its own share, not the machine's.
    podPidsLimit: 4096,
    // Pods cannot take what the machine itself needs to stay alive.
    systemReserved: { cpu: '100m', memory: '200Mi' },
    kubeReserved: { cpu: '100m', memory: '200Mi' },
    // When too little is left, pods are ended in order, before the kernel
    // ends whatever it finds. Shares are of the whole disk, and a machine of
    // a lab sees that of its host, full of other things: by default pods would
    // go at 10 and 15 %, with gigabytes free.
    evictionHard: {
      'memory.available': '100Mi',
      'nodefs.available': '5%',
      'imagefs.available': '5%',
    },
    // Otherwise what is not named above, the inodes, would not be watched.
    mergeDefaultEvictionSettings: true,
    // A machine with swap is warned about in step 02, and works: pods may
    // not use it.
    failSwapOn: false,
    memorySwap: { swapBehavior: 'NoSwap' },
    ...(reserved && { registerWithTaints: [taint] }),
    ...cluster.overridesFor(machine, 'kubelet'),
  }
  // #endregion configuration
}

// #region resolvers
// A resolver on a loopback address is the machine's own: to a pod it would be
// the pod itself, and CoreDNS would ask itself for ever.
function resolvers(machine: Machine) {
  return machine.read`
    if grep -q '^nameserver 127\.' /etc/resolv.conf &&
      [ -e /run/systemd/resolve/resolv.conf ]
    then echo /run/systemd/resolve/resolv.conf
    else echo /etc/resolv.conf; fi`
}
// #endregion resolvers
