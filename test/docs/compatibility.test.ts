import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { compatibility } from '../../docs/.vitepress/data/compatibility.ts'
import { sourceOf } from '../reference/go-modules.ts'
import { versionOf } from '../reference/help.ts'

const constants = join(
  sourceOf(`k8s.io/kubernetes@v${versionOf('kubelet')}`),
  'cmd/kubeadm/app/constants/constants.go',
)
const releases = join(
  sourceOf(`github.com/containerd/containerd/v2@v${versionOf('containerd')}`),
  'RELEASES.md',
)

/** What kubeadm installs beside the components, by name of its constant. */
function kubeadmInstalls(source: string, name: string): string | undefined {
  return new RegExp(`\\b${name} = "v?([\\d.]+)(?:-\\d+)?"`).exec(source)?.[1]
}

/** The row of containerd's table for a version of Kubernetes, as we write it. */
function runtimesFor(table: string, kubernetes: string): string {
  const row = new RegExp(`^\\| ${kubernetes} +\\| ([\\d.+, ]+?) +\\|`, 'm')
  const versions = (row.exec(table)?.[1] ?? '').replaceAll('+', '').split(', ')
  const last = versions.pop() ?? ''
  return versions.length ? `${versions.join(', ')} or ${last}` : last
}

describe('what goes with what', () => {
  test('begins with the minor version that is pinned', () => {
    const [major, minor] = versionOf('kubelet').split('.')
    expect(compatibility[0]?.kubernetes).toBe(`${major}.${minor}`)
  })

  test.skipIf(!existsSync(constants))(
    'is for the newest what its kubeadm installs',
    () => {
      const source = readFileSync(constants, 'utf8')
      expect(compatibility[0]).toMatchObject({
        etcd: kubeadmInstalls(source, 'DefaultEtcdVersion'),
        coredns: kubeadmInstalls(source, 'CoreDNSVersion'),
        pause: kubeadmInstalls(source, 'PauseVersion'),
      })
    },
  )

  test.skipIf(!existsSync(releases))(
    'is for containerd what its own table says',
    () => {
      const table = readFileSync(releases, 'utf8')
      for (const { kubernetes, containerd } of compatibility) {
        expect(containerd, kubernetes).toBe(runtimesFor(table, kubernetes))
      }
    },
  )

  test('is read from what others write', () => {
    const source = '\tDefaultEtcdVersion = "3.7.0-0"\n\tA = "v1.14.6"\n'
    expect(kubeadmInstalls(source, 'DefaultEtcdVersion')).toBe('3.7.0')
    expect(kubeadmInstalls(source, 'A')).toBe('1.14.6')
    const table = '| 1.36   | 2.3.0+, 2.2.0+  | v1 |\n| 1.3 | 2.0.1+ | v1 |\n'
    expect(runtimesFor(table, '1.36')).toBe('2.3.0 or 2.2.0')
    expect(runtimesFor(table, '1.3')).toBe('2.0.1')
    expect(runtimesFor(table, '1.37')).toBe('')
  })
})
