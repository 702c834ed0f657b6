// 11 kube-proxy: one address in front of many pods
// Runs on: every machine · Needs: 10 · Leaves: kube-proxy.service

import assert from 'node:assert/strict'
import { curl } from '../lib/curl.ts'
import { sh } from '../lib/shell.ts'
import { step } from '../lib/step.ts'
import { commandLine, text } from '../lib/text.ts'
import { yaml } from '../lib/yaml.ts'

const { cluster, operator, on, verify, undo } = await step(import.meta, ['10'])

const { kubeProxyHealthz, kubeProxyMetrics } = cluster.ports
const folder = '/etc/kubernetes/kube-proxy'
// Of the kubelet beside it, from step 10.
const authority = '/etc/kubernetes/kubelet/ca.crt'

// #region configure
// The address of a Service is on no interface. Every machine rewrites it to
// the address of a pod, by rules in its kernel that kube-proxy keeps current.
await on(cluster.machines, async (machine) => {
  const { container } = await machine.facts()
  await machine.install(['kube-proxy'])
  const kubeconfig = operator.read('kubeconfig/kube-proxy.yaml')
  await machine.file(`${folder}/kubeconfig`, kubeconfig, { mode: 0o600 })
  await machine.file(
    `${folder}/kube-proxy.yaml`,
    yaml({
      apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
      kind: 'KubeProxyConfiguration',
      clientConnection: { kubeconfig: `${folder}/kubeconfig` },
      // Named, because the default is about to change: iptables is walked
      // rule by rule, nftables looks a Service up in a map.
      mode: 'nftables',
      hostnameOverride: machine.name,
      // Traffic from here is a pod's, and keeps its source address.
      clusterCIDR: cluster.networks.pods,
      // Node ports answer where other machines are, not on every interface.
      nodePortAddresses: ['primary'],
      healthzBindAddress: `127.0.0.1:${kubeProxyHealthz.port}`,
      metricsBindAddress: `127.0.0.1:${kubeProxyMetrics.port}`,
      // A container shares its kernel's limits and may not set them.
      ...(container && { conntrack: { maxPerCore: 0 } }),
      ...cluster.overridesFor(machine, 'kube-proxy'),
    }),
  )
})
// #endregion configure

// #region start
await on(cluster.machines, async (machine) => {
  await machine.service('kube-proxy', {
    unit: text`
      [Unit]
      Description=kube-proxy, Services of Kubernetes on this machine
      Wants=network-online.target
      After=network-online.target api-balancer.service
      StartLimitIntervalSec=0

      [Service]
      ExecStart=${commandLine('/usr/local/bin/kube-proxy', {
        config: `${folder}/kube-proxy.yaml`,
      })}
      Restart=always
      RestartSec=1s

      [Install]
      WantedBy=multi-user.target
    `,
    reads: [folder, '/usr/local/bin/kube-proxy'],
  })
  await machine.until(
    'kube-proxy has written its rules',
    sh`${curl()} --fail http://127.0.0.1:${kubeProxyHealthz.port}/healthz
       nft list table ip kube-proxy`,
    { next: ['journalctl -u kube-proxy'] },
  )
})
// #endregion start

// #region verify
await verify('the kubernetes Service answers on every machine', () =>
  Promise.all(
    cluster.machines.map(async (machine) => {
      const answer = await machine.read`
        ${curl()} --cacert ${authority} \
          https://${cluster.kubernetesServiceAddress}/readyz`
      assert.equal(answer, 'ok', `${machine.name}: ${answer}`)
    }),
  ),
)
// #endregion verify

// #region undo
undo(cluster.machines, async (machine) => {
  await machine.removeService('kube-proxy')
  // Rules outlive the process that wrote them. Where the kernel knows IPv6,
  // there are some for that as well.
  const left = sh`nft list tables |
    sed -nE 's/^table ip6? kube-proxy$/delete &/p'`
  await machine.ensure(
    'removed the rules of kube-proxy',
    sh`[ -z "$(${left})" ]`,
    sh`${left} | nft -f -`,
  )
  await machine.remove(folder)
  await machine.uninstall('kube-proxy')
})
// #endregion undo
