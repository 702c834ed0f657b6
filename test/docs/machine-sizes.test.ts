import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { describe, expect, test } from 'vitest'
import { machineSizes } from '../../docs/.vitepress/data/machine-sizes.ts'
import { sourceOf } from '../reference/go-modules.ts'
import { versionOf } from '../reference/help.ts'

const scripts = join(
  sourceOf(`k8s.io/kubernetes@v${versionOf('kubelet')}`),
  'cluster/gce/config-common.sh',
)

describe('the sizes of control planes', () => {
  test.skipIf(!existsSync(scripts))(
    'are those that the scripts of the pinned Kubernetes choose',
    async () => {
      for (const { nodes, processors } of machineSizes) {
        const script =
          `source "$1"; get-num-nodes() { echo ${nodes}; }; ` +
          'get-master-size'
        const { stdout } = await execa('bash', ['-c', script, '-', scripts])
        expect(Number(stdout), `${nodes} nodes`).toBe(processors)
      }
    },
  )

  test('are of machines with 4 GB a processor, but for the least', () => {
    const [least, ...others] = machineSizes
    expect(least).toMatchObject({ nodes: 1, processors: 2, memory: 2 })
    for (const { nodes, processors, memory } of others) {
      expect(memory, `${nodes} nodes`).toBe(4 * processors)
    }
  })
})
