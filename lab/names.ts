import { createHash } from 'node:crypto'

/** Where labs keep their machines; one folder per cluster. Root's own. */
export const labsFolder = '/var/lib/kubernetes-from-scratch/lab'

/** The cgroup, in every hierarchy, below which all processes of labs live. */
export const labsCgroup = 'kubernetes-from-scratch'

/** The cgroup of one lab. The kernel's list of what belongs to it. */
export function labCgroup(cluster: string): string {
  return `${labsCgroup}/${cluster}`
}

/**
 * The cgroup of what `up` runs and waits for. A killed `up` leaves it behind,
 * and the next `up` or `down` ends it. No machine has such a name.
 */
export function workCgroup(cluster: string): string {
  return `${labCgroup(cluster)}/_work`
}

/**
 * The name of a lab's network namespace and of its link on the host. The
 * kernel allows a link 15 characters; a longer name ends in a hash instead,
 * so that two clusters never share one.
 *
 * @example
 * networkName('scratch') // 'kfs-scratch'
 */
export function networkName(cluster: string): string {
  const name = `kfs-${cluster}`
  if (name.length <= 15) return name
  return `${name.slice(0, 10)}-${hash(cluster, 4)}`
}

/**
 * The hardware address of a machine: locally administered, and another one
 * for each machine of each cluster.
 *
 * @example
 * hardwareAddress('scratch', 'cp-1') // '02:…'
 */
export function hardwareAddress(cluster: string, machine: string): string {
  const bytes = hash(`${cluster}/${machine}`, 10).match(/../g) ?? []
  return ['02', ...bytes].join(':')
}

/**
 * The name of a virtual machine's link in the lab's network namespace; long
 * names of machines would not do.
 *
 * @example
 * tapName('cp-1') // 'vm-…'
 */
export function tapName(machine: string): string {
  return `vm-${hash(machine, 10)}`
}

function hash(text: string, digits: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, digits)
}
