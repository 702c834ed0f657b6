// How step 07 starts the controller manager and the scheduler: every flag,
// and why

import type { Machine } from '../../lib/machine.ts'
import type { LiveCluster } from '../../lib/step.ts'
import { text } from '../../lib/text.ts'

// #region controller-manager
// Some sixty loops, each comparing what is wanted with what is.
export const manager = (
  cluster: LiveCluster,
  machine: Machine,
  folder: string,
) => ({
  // The API server of this machine: they stand and fall together.
  kubeconfig: `${folder}/controller-manager.kubeconfig`,
  // Three run, one works; the others wait for its lease to lapse.
  'leader-elect': true,
  // Every loop acts as a service account of its own, with its rights alone.
  'use-service-account-credentials': true,
  // Before any loop works, each needs its account and a token. In a new
  // cluster the accounts are made first, and with the default of 20 requests
  // a second everybody waits for that.
  'kube-api-qps': 100,
  // So many at once, before that rate holds. An API server that has too much
  // to do makes its callers wait by itself.
  'kube-api-burst': 200,
  // All that are on by default, and the one that removes join tokens.
  controllers: '*,tokencleaner',

  // Each node gets a part of the pod range, and keeps it.
  'allocate-node-cidrs': true,
  'cluster-cidr': cluster.networks.pods,
  'node-cidr-mask-size': cluster.networks.podsPerMachine,
  'service-cluster-ip-range': cluster.networks.services,

  'cluster-signing-cert-file': `${folder}/ca.crt`,
  'cluster-signing-key-file': `${folder}/ca.key`,
  // What pods trust the API server by.
  'root-ca-file': `${folder}/ca.crt`,
  'service-account-private-key-file': `${folder}/service-account.key`,
  // Pods that have ended are kept for their logs. The default is 12 500.
  'terminated-pod-gc-threshold': 1000,
  profiling: false,

  ...served(folder, 'controller-manager'),
  ...cluster.overridesFor(machine, 'kube-controller-manager'),
})
// #endregion controller-manager

// #region scheduler
export const scheduler = (
  cluster: LiveCluster,
  machine: Machine,
  folder: string,
) => ({
  config: `${folder}/scheduler.yaml`,
  ...served(folder, 'scheduler'),
  ...cluster.overridesFor(machine, 'kube-scheduler'),
})

export const schedulerConfiguration = (folder: string) => text`
  apiVersion: kubescheduler.config.k8s.io/v1
  kind: KubeSchedulerConfiguration
  clientConnection:
    kubeconfig: ${folder}/scheduler.kubeconfig
  leaderElection:
    leaderElect: true
  enableProfiling: false
`
// #endregion scheduler

// #region served
// Both serve metrics and health on their machine alone, and ask the API
// server whether a caller may see more than health.
const served = (folder: string, name: string) => ({
  'bind-address': '127.0.0.1',
  'tls-min-version': 'VersionTLS13',
  'authentication-kubeconfig': `${folder}/${name}.kubeconfig`,
  'authorization-kubeconfig': `${folder}/${name}.kubeconfig`,
  'requestheader-client-ca-file': `${folder}/front-proxy-ca.crt`,
})
// #endregion served
