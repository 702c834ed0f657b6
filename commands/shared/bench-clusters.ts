import { readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parseDocument, type YAMLSeq } from 'yaml'

const repository = join(import.meta.dirname, '..', '..')

/**
 * Writes a copy of a cluster file that can run beside the original: with a
 * name and ranges of its own.
 *
 * @param from file of the repository, such as `cluster.yaml`
 * @param options.folder where the copy goes
 * @param options.net third number of its machines' addresses, second one of
 * its pods' and Services', so that no two labs meet
 * @param options.moreWorkers how many workers to add
 * @returns path of the copy
 */
export function benchCluster(
  from: 'cluster.yaml' | 'single.yaml',
  options: { folder: string; net: number; moreWorkers?: number },
): string {
  const { folder, net, moreWorkers = 0 } = options
  const document = parseDocument(readFileSync(join(repository, from), 'utf8'))
  const name = `bench-${basename(from, '.yaml')}`
  document.set('name', name)
  document.setIn(['networks', 'machines'], `10.10.${net}.0/24`)
  document.setIn(['artifacts', 'mirror'], `http://10.10.${net}.1:8089`)
  document.setIn(['networks', 'pods'], `10.${100 + net}.0.0/16`)
  document.setIn(['networks', 'services'], `10.${200 + net}.0.0/16`)
  const machines = document.get('machines') as YAMLSeq
  for (const [at] of machines.items.entries()) {
    const last = String(document.getIn(['machines', at, 'address']))
      .split('.')
      .at(-1)
    document.setIn(['machines', at, 'address'], `10.10.${net}.${last}`)
  }
  for (let more = 1; more <= moreWorkers; more++) {
    const worker = { name: `more-${more}`, roles: ['worker'] }
    machines.add(
      document.createNode({ ...worker, address: `10.10.${net}.${100 + more}` }),
    )
  }
  const file = join(folder, `${name}-${machines.items.length}.yaml`)
  writeFileSync(file, document.toString())
  return file
}
