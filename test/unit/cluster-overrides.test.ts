import { describe, expect, it } from 'vitest'
import { loadCluster } from '../../lib/cluster.ts'
import {
  overlay,
  refusals,
  refusedOverride,
} from '../../lib/cluster-overrides.ts'
import { smallest, write } from './cluster-samples.ts'

const overrides = {
  'control-plane': {
    kubelet: { maxPods: 30, systemReserved: { cpu: '500m' } },
    'kube-apiserver': { profiling: false },
  },
  worker: {
    kubelet: { maxPods: 60, systemReserved: { cpu: '100m', memory: '1Gi' } },
  },
}
const { overridesFor } = loadCluster(write(smallest({ overrides })))

describe('overrides', () => {
  it('are those of the role of a machine', () => {
    expect(overridesFor({ roles: ['worker'] }, 'kubelet')).toEqual(
      overrides.worker.kubelet,
    )
    expect(
      overridesFor({ roles: ['control-plane'] }, 'kube-apiserver'),
    ).toEqual({ profiling: false })
  })

  it('are empty where the file says nothing', () => {
    expect(overridesFor({ roles: ['worker'] }, 'kube-apiserver')).toEqual({})
    expect(overridesFor({ roles: ['control-plane'] }, 'etcd')).toEqual({})
  })

  it('are those of both roles, the control plane on top', () => {
    for (const roles of [
      ['control-plane', 'worker'],
      ['worker', 'control-plane'],
    ] as const) {
      expect(overridesFor({ roles }, 'kubelet')).toEqual({
        maxPods: 30,
        systemReserved: { cpu: '500m', memory: '1Gi' },
      })
    }
  })

  it('replace lists as a whole', () => {
    expect(overlay({ a: [1, 2] }, { a: [3] })).toEqual({ a: [3] })
  })

  it('never change what they are laid over', () => {
    const below = { a: { b: 1 } }
    overlay(below, { a: { b: 2 } })
    expect(below).toEqual({ a: { b: 1 } })
  })
})

describe('an override that would contradict the guide', () => {
  it.each([
    ['kubelet', 'clusterDNS', 'networks.services'],
    ['kubelet', 'clusterDomain', 'networks.domain'],
    ['kubelet', 'authentication', 'must not open'],
    ['kubelet', 'staticPodPath', 'systemd'],
    ['kube-proxy', 'mode', 'nftables'],
    ['kube-proxy', 'clusterCIDR', 'networks.pods'],
    ['etcd', 'initial-cluster', 'control planes'],
    ['etcd', 'peer-transport-security', 'step 03'],
    ['kube-apiserver', 'service-cluster-ip-range', 'networks.services'],
    ['kube-apiserver', 'etcd-servers', 'control planes'],
    ['kube-apiserver', 'requestheader-client-ca-file', 'step 03'],
    ['kube-controller-manager', 'cluster-cidr', 'networks.pods'],
    ['kube-controller-manager', 'node-cidr-mask-size', 'podsPerMachine'],
    ['kube-scheduler', 'authentication-kubeconfig', 'step 04'],
  ] as const)('is refused: %s %s', (component, field, reason) => {
    expect(refusedOverride(component, field)).toContain(reason)
  })

  it.each([
    ['kubelet', 'maxPods'],
    ['kubelet', 'systemReserved'],
    ['kubelet', 'failCgroupV1'],
    ['kube-proxy', 'conntrack'],
    ['etcd', 'quota-backend-bytes'],
    ['etcd', 'auto-compaction-retention'],
    ['kube-apiserver', 'profiling'],
    ['kube-apiserver', 'audit-log-maxage'],
    ['kube-controller-manager', 'terminated-pod-gc-threshold'],
    ['kube-scheduler', 'v'],
  ] as const)('is not %s %s', (component, field) => {
    expect(refusedOverride(component, field)).toBeUndefined()
  })

  it('is refused with a reason that ends the message', () => {
    for (const { instead } of Object.values(refusals).flat()) {
      expect(instead).toMatch(/^(no other|true|nftables): /)
    }
  })
})
