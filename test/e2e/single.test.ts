import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Guide } from './guide.ts'
import { hostTraces } from './host.ts'

const name = 'e2e-one'
const guide = new Guide(name, 'single.yaml', 150)

describe('the cluster of single.yaml', () => {
  let before: Awaited<ReturnType<typeof hostTraces>>

  beforeAll(async () => {
    await guide.npm('down')
    before = await hostTraces([name])
  })

  afterAll(async () => {
    await guide.npm('down')
  })

  test('npm run up builds it, by a user who is not root', async () => {
    const status = await guide.npm('up', '--yes')
    expect(status).toContain('kubectl')
    const nodes = await guide.kubectl('get', 'nodes', '-o', 'name')
    expect(nodes.trim().split('\n')).toHaveLength(1)
  })

  test('pods run on its one machine, which is not tainted', async () => {
    const taints = await guide.kubectl(
      ...['get', 'nodes', '-o', 'jsonpath={.items[*].spec.taints}'],
    )
    expect(taints).toBe('')
  })

  test('what needs several machines is not applicable, never passed', async () => {
    const output = (await guide.step('05-etcd', '--drill')).all
    expect(output).toContain('not applicable')
    expect(output).not.toContain('1 verified')
  })

  test('a second run changes nothing', async () => {
    const output = await guide.npm('up', '--yes')
    expect(output).toContain('nothing was changed')
  })

  test('everything is undone with --forget, and no file is left of it', async () => {
    await guide.npm('steps', '--undo', '--from', '01', '--forget')
    const left = await guide.on(
      Object.values(JSON.parse(await guide.npm('lab', 'status', '--json')))
        .flat()
        .map((machine) => (machine as { name: string }).name)[0] ?? '',
      'sudo find /etc/kubernetes* /etc/etcd /var/lib/etcd /var/lib/kubelet ' +
        '/var/lib/containerd /usr/local/bin /opt/cni /etc/cni ' +
        '-not -type d 2>/dev/null; ' +
        'systemctl list-unit-files --no-legend | ' +
        "grep -E 'etcd|kube|containerd|api-balancer|pod-network' || true",
    )
    expect(left.trim()).toBe('')
  })

  test('nothing that was printed is a secret', () => {
    expect(guide.refuseSecrets().secrets).toBeGreaterThan(50)
  })

  test('npm run down leaves nothing on this host', async () => {
    await guide.npm('down')
    expect(await hostTraces([name])).toEqual(before)
  })
})
