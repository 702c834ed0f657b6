import { expect, test } from 'vitest'
import { conditionOf } from '../../lib/conditions.ts'
import { manifests } from '../../lib/manifests.ts'

test('several documents are several manifests, in their order', () => {
  const name = 'a'
  expect(manifests`
    kind: Namespace
    metadata: { name: ${name} }
    ---
    kind: Pod # as kubectl reads it
    spec: { replicas: ${2} }
  `).toEqual([
    { kind: 'Namespace', metadata: { name: 'a' } },
    { kind: 'Pod', spec: { replicas: 2 } },
  ])
})

test('a block of text keeps its comments and its shape', () => {
  const [configMap] = manifests`
    data:
      Corefile: |
        # why
        .:53 {
          errors
        }
  `
  expect(configMap?.data.Corefile).toBe('# why\n.:53 {\n  errors\n}\n')
})

test('a bare yes is what it is to Kubernetes', () => {
  expect(manifests`labels: { a: yes, b: 'yes' }`).toEqual([
    { labels: { a: true, b: 'yes' } },
  ])
})

test('what is no YAML is refused, with its line', () => {
  expect(
    () => manifests`
    kind: Pod
    kind: Pod
  `,
  ).toThrow(/unique.* line 2/)
})

test('a condition is found by its type, in what has a status', () => {
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'a' } }
  const ready = { type: 'Ready', status: 'True' }
  const conditions = [{ type: 'DiskPressure', status: 'False' }, ready]
  expect(conditionOf({ ...node, status: { conditions } }, 'Ready')).toBe(ready)
  expect(conditionOf({ ...node, status: {} }, 'Ready')).toBeUndefined()
  expect(conditionOf(node, 'Ready')).toBeUndefined()
})
