// What both ways of the benchmark find on their machines.

import type { Cluster } from '../../lib/cluster.ts'
import { lazyHost } from '../../lib/hosts.ts'
import { installer } from '../../lib/install.ts'
import { journal } from '../../lib/journal.ts'
import { Machine } from '../../lib/machine.ts'
import { openState } from '../../lib/state.ts'

/** Machines of a cluster, to change them as steps do. */
export function benchMachines(cluster: Cluster) {
  const state = openState(cluster)
  const install = installer(cluster)
  return cluster.machines.map((entry) => {
    const host = lazyHost(entry, state, () => undefined)
    const machine = new Machine(entry, host, {
      planning: false,
      journal: journal(),
      installer: install,
    })
    return { entry, host, machine }
  })
}

/** What the steps in the clock install; a test compares it with them. */
export const programsOfSteps = {
  controlPlane: [
    ...['etcd', 'etcdctl', 'etcdutl', 'kube-apiserver'],
    ...['kube-controller-manager', 'kube-scheduler'],
  ],
  everywhere: ['kubelet', 'kube-proxy'],
  images: ['agnhost', 'coredns'],
}

/**
 * Brings the programs and images of the steps to their machines. The steps
 * then find them there, as kubeadm finds its own.
 */
export async function bringPrograms(cluster: Cluster): Promise<void> {
  const { controlPlane, everywhere, images } = programsOfSteps
  await Promise.all(
    benchMachines(cluster).map(async ({ machine }) => {
      await machine.install(everywhere)
      if (machine.is('control-plane')) await machine.install(controlPlane)
      await machine.images(images)
      // Or the disk would write it down while the clock runs.
      await machine.flush()
    }),
  )
}
