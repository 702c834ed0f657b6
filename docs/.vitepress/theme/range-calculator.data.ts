import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import type { Networks } from './range-calculator.ts'

const file = join(import.meta.dirname, '../../../cluster.yaml')

// Filled in by VitePress from what load() returns.
export declare const data: Networks

/** The ranges that the calculator starts with: those of cluster.yaml. */
export default {
  watch: [file],
  load(): Networks {
    const { networks } = parse(readFileSync(file, 'utf8'))
    const { machines, pods, podsPerMachine, services } = networks
    return { machines, pods, podsPerMachine: `${podsPerMachine}`, services }
  },
}
