// Pods live on without a kubelet, and so do their mounts and networks.

import type { Machine } from '../../lib/machine.ts'
import { sh } from '../../lib/shell.ts'

/**
 * Stops all pods of a machine whose kubelet is gone, and removes what it made
 * for them outside of its data.
 *
 * @param data folder of the kubelet, where volumes are mounted
 */
export async function stopPods(machine: Machine, data: string) {
  // #region stop-pods
  // There is nobody left to ask but containerd, which knows containers only:
  // what the kubelet has put around them is taken away by hand.
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
  // #endregion stop-pods

  // A kubelet makes these when it starts, for drivers of volumes.
  const root = '/usr/libexec/kubernetes'
  const plugins = `${root}/kubelet-plugins`
  const volume = `${plugins}/volume`
  await machine.removeEmpty(`${volume}/exec`, volume, plugins, root)
}
