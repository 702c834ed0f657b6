import { describe, expect, it } from 'vitest'
import { type Port, ports, portsOf } from '../../lib/ports.ts'

const span = ({ port, last = port }: Port) => ({ port, last })

describe('the table of ports', () => {
  it('gives no port to two programs of one machine', () => {
    const all = portsOf()
    for (const [place, one] of all.entries()) {
      for (const other of all.slice(0, place)) {
        const apart =
          span(one).last < span(other).port || span(other).last < span(one).port
        expect(apart, `${one.name} and ${other.name}`).toBe(true)
      }
    }
  })

  it('keeps what asks for no identity on loopback', () => {
    const open = portsOf().filter(
      ({ identity, listens }) =>
        identity.startsWith('none') && !listens.includes('loopback'),
    )
    expect(open.map(({ name }) => name)).toEqual([])
  })

  it('gives a worker nothing of the control plane', () => {
    const names = portsOf(['worker']).map(({ name }) => name)
    expect(names).not.toContain('etcdPeer')
    expect(names).not.toContain('apiServer')
    expect(names).toContain('kubelet')
    expect(names).toContain('apiBalancer')
  })

  it('holds the ports that Kubernetes documents', () => {
    expect(ports.apiServer.port).toBe(6443)
    expect(span(ports.nodePorts)).toEqual({ port: 30000, last: 32767 })
    const named = [
      [ports.etcdClient, 2379],
      [ports.etcdPeer, 2380],
      [ports.kubelet, 10250],
      [ports.scheduler, 10259],
      [ports.controllerManager, 10257],
      [ports.kubeProxyHealthz, 10256],
    ] as const
    for (const [{ port }, expected] of named) expect(port).toBe(expected)
  })

  it('says of every port who connects, as whom and what for', () => {
    for (const { clients, identity, purpose } of portsOf()) {
      expect([clients, identity, purpose].every(Boolean)).toBe(true)
    }
  })
})
