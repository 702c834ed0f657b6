import { readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parseDocument } from 'yaml'

const repository = join(import.meta.dirname, '..', '..')

/** How many machines of each kind a cluster of the benchmark has. */
export interface Size {
  controlPlanes: number
  workers: number
}

/**
 * Writes a copy of a cluster file that can run beside the original: with a
 * name and ranges of its own, so that no two labs meet.
 *
 * @param from file of the repository, such as `cluster.yaml`
 * @param folder where the copy goes
 * @param size its machines; default those of the original
 * @returns path of the copy
 * @example
 * benchCluster('cluster.yaml', '/tmp/bench', { controlPlanes: 1, workers: 2 })
 */
export function benchCluster(
  from: 'cluster.yaml' | 'single.yaml',
  folder: string,
  size?: Size,
): string {
  const document = parseDocument(readFileSync(join(repository, from), 'utf8'))
  const name = `bench-${basename(from, '.yaml')}`
  const net = from === 'single.yaml' ? 1 : 0
  const network = `10.34.${net}`
  document.set('name', name)
  document.setIn(['networks', 'machines'], `${network}.0/24`)
  document.setIn(['artifacts', 'mirror'], `http://${network}.1:8089`)
  document.setIn(['networks', 'pods'], `10.${134 + net}.0.0/16`)
  document.setIn(['networks', 'services'], `10.${164 + net}.0.0/16`)
  const machines = size
    ? machinesOf(size, network)
    : [{ name: 'box', address: `${network}.11`, roles: bothRoles }]
  document.set('machines', machines)
  const file = join(folder, `${name}-${machines.length}.yaml`)
  writeFileSync(file, document.toString())
  return file
}

const bothRoles = ['control-plane', 'worker']

function machinesOf({ controlPlanes, workers }: Size, network: string) {
  const row = (count: number, name: string, role: string, first: number) =>
    Array.from({ length: count }, (_, at) => {
      const address = `${network}.${first + at}`
      return { name: `${name}-${at + 1}`, address, roles: [role] }
    })
  return [
    ...row(controlPlanes, 'cp', 'control-plane', 11),
    ...row(workers, 'worker', 'worker', 21),
  ]
}
