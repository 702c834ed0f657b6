import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { renderChanges } from '../fake/render.ts'
import { openWorkshop, type Sandbox } from '../fake/sandbox.ts'
import type { Change } from '../fake/world.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })
const workshop = openWorkshop()
afterAll(() => workshop.close())

let built: Sandbox
beforeAll(async () => {
  built = workshop.sandbox('cluster.yaml')
  await workshop.build(built, '01', '13')
})

const running = ['cp-1', 'cp-2', 'cp-3', 'worker-1', 'worker-2']

/** What was done on a machine, a line each. */
function doneOn(log: readonly Change[], name: string): string[] {
  return log
    .filter(({ on }) => on === name)
    .map(({ text }) => text.split(/\n| {2}/)[0] ?? '')
}

describe('one machine that is everything', () => {
  const sandbox = workshop.sandbox('single.yaml')

  test('is built by the same steps', async () => {
    await workshop.build(sandbox, '01', '09')
    const before = sandbox.log().length
    await workshop.build(sandbox, '10', '10')
    await expect(
      `${renderChanges(sandbox.log(before), 'box')}\n`,
    ).toMatchFileSnapshot(
      join(import.meta.dirname, '__snapshots__', '10-kubelet.single.txt'),
    )
    await workshop.build(sandbox, '11', '13')
  })

  test('is not kept for the control plane', () => {
    const { objects, machines } = sandbox.world()
    const node = objects['/api/v1/nodes/box']
    expect(node?.spec.taints).toBeUndefined()
    expect(Object.keys(node?.metadata.labels ?? {})).toEqual([
      'node-role.kubernetes.io/control-plane',
      'node-role.kubernetes.io/worker',
    ])
    const kubelet =
      machines['10.10.1.11']?.files['/etc/kubernetes/kubelet/kubelet.yaml']
    expect(kubelet?.content).not.toContain('registerWithTaints')
  })

  test('has no route to other machines, and one member of etcd', () => {
    const { files = {} } = sandbox.world().machines['10.10.1.11'] ?? {}
    expect(files['/etc/kubernetes/pod-network/routes']?.content).toBe(
      'route flush proto 147\n',
    )
    expect(files['/etc/etcd/etcd.yaml']?.content).toContain(
      'initial-cluster: box=https://10.10.1.11:2380\n',
    )
  })

  test('has a balancer that asks no health of the only API server', () => {
    const balancer = (sandbox: Sandbox, address: string) =>
      sandbox.world().machines[address]?.files[
        '/etc/kubernetes/api-balancer/haproxy.cfg'
      ]?.content
    expect(balancer(sandbox, '10.10.1.11')).toContain('server no-check')
    expect(balancer(built, '10.10.0.11')).toContain('server check')
  })

  test('is left alone by a second run', async () => {
    const before = sandbox.log()
    await workshop.build(sandbox, '01', '13')
    expect(sandbox.log()).toEqual(before)
  })
})

describe('virtual machines', () => {
  test('get modules and parameters that containers cannot have', async () => {
    const sandbox = workshop.sandbox('cluster.yaml', { virtual: true })
    await workshop.build(sandbox, '01', '02')
    const {
      files = {},
      modules,
      sysctls,
    } = sandbox.world().machines['10.10.0.21'] ?? { files: {} }
    expect(modules).toEqual([
      ...['overlay', 'br_netfilter', 'nf_conntrack', 'nf_tables'],
    ])
    expect(
      files['/etc/modules-load.d/kubernetes-from-scratch.conf']?.content,
    ).toBe('overlay\nbr_netfilter\nnf_conntrack\nnf_tables\n')
    expect(sysctls?.['fs.inotify.max_user_instances']).toBe('8192')
    await workshop.run(sandbox, '02', ['--undo'])
    const after = sandbox.world().machines['10.10.0.21']
    expect(after?.modules).toEqual([])
    expect(after?.sysctls['fs.inotify.max_user_instances']).toBe('128')
  })
})

describe('a change of cluster.yaml', () => {
  test('that only moves machines changes nothing', async () => {
    const sandbox = built.copy()
    sandbox.edit((file) => file.machines.reverse())
    await workshop.build(sandbox, '01', '13')
    expect(sandbox.log()).toEqual(built.log())
  })

  test('that adds a worker tells the others its name and route', async () => {
    const sandbox = built.copy()
    sandbox.edit(({ machines }) =>
      machines.unshift({
        ...{ name: 'worker-3', address: '10.10.0.23', roles: ['worker'] },
      }),
    )
    const before = sandbox.log().length
    await workshop.build(sandbox, '01', '13')
    const log = sandbox.log(before)
    for (const name of running) {
      expect(doneOn(log, name), name).toEqual([
        '$ touch /etc/hosts',
        'write /etc/kubernetes/pod-network/routes',
        'restart pod-network.service',
      ])
    }
    const text = renderChanges(log, 'API')
    expect(text).toContain('name: worker-3')
    for (const name of running) expect(text).not.toContain(`name: ${name}\n`)
    const { objects } = sandbox.world()
    expect(objects['/api/v1/nodes/worker-3']?.status.conditions[0]).toEqual(
      expect.objectContaining({ type: 'Ready', status: 'True' }),
    )
    expect(objects['/api/v1/nodes/cp-1']?.spec.podCIDR).toBe(
      built.world().objects['/api/v1/nodes/cp-1']?.spec.podCIDR,
    )
  })

  test('that takes a worker away restarts nothing but routes', async () => {
    const sandbox = built.copy()
    sandbox.edit((file) => {
      file.machines = file.machines.filter(({ name }) => name !== 'worker-2')
    })
    const before = sandbox.log().length
    await workshop.build(sandbox, '01', '13')
    for (const name of running) {
      const done = doneOn(sandbox.log(before), name)
      const restarts = done.filter((line) => line.includes('start '))
      expect(restarts, name).toEqual(
        name === 'worker-2' ? [] : ['restart pod-network.service'],
      )
    }
  })

  test('that overrides the kubelet of workers reaches them alone', async () => {
    const sandbox = built.copy()
    sandbox.edit((file) => {
      file.overrides = { worker: { kubelet: { maxPods: 90 } } }
    })
    const before = sandbox.log().length
    await workshop.build(sandbox, '01', '13')
    const log = sandbox.log(before)
    for (const name of running) {
      expect(doneOn(log, name), name).toEqual(
        name.startsWith('cp')
          ? []
          : [
              'write /etc/kubernetes/kubelet/kubelet.yaml',
              'restart kubelet.service',
            ],
      )
    }
  })

  test('that changes etcd restarts its members one at a time', async () => {
    const sandbox = built.copy()
    sandbox.edit((file) => {
      file.overrides = {
        'control-plane': { etcd: { 'quota-backend-bytes': 1 } },
      }
    })
    const before = sandbox.log().length
    await workshop.build(sandbox, '05', '05')
    const restarts = sandbox
      .log(before)
      .filter(({ text }) => text.startsWith('restart'))
    expect(restarts.map(({ on }) => on).sort()).toEqual([
      'cp-1',
      'cp-2',
      'cp-3',
    ])
    for (const { text } of restarts) {
      expect(text).toBe('restart etcd.service, in its turn')
    }
  })
})

describe('a certificate that is issued again', () => {
  test('restarts the one service that reads it', async () => {
    const sandbox = built.copy()
    const pki = `${sandbox.folder}/state/kubernetes-from-scratch/scratch/pki`
    for (const end of ['crt', 'key']) rmSync(`${pki}/etcd/server-cp-2.${end}`)
    const before = sandbox.log().length
    await workshop.build(sandbox, '01', '13')
    const log = sandbox.log(before)
    for (const name of running) {
      expect(doneOn(log, name), name).toEqual(
        name !== 'cp-2'
          ? []
          : [
              'write /etc/etcd/pki/server.crt',
              'write /etc/etcd/pki/server.key',
              'restart etcd.service, in its turn',
            ],
      )
    }
  })
})
