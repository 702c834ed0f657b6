import { expect, test } from 'vitest'
import type { Ground } from './ground.ts'

/** How little of a secret channel is good enough. */
export function oldTlsIsRefused(ground: () => Ground): void {
  test('nobody speaks less than TLS 1.3', async () => {
    const { cluster, controlPlanes } = ground()
    const { apiServer, kubelet, etcdClient, etcdPeer } = cluster.ports
    const { controllerManager, scheduler } = cluster.ports
    for (const machine of controlPlanes) {
      const doors = [
        ...[apiServer, kubelet, etcdClient, etcdPeer].map(
          ({ port }) => `${machine.address}:${port}`,
        ),
        ...[controllerManager, scheduler].map(
          ({ port }) => `127.0.0.1:${port}`,
        ),
      ]
      for (const door of doors) {
        const speak = (version: string) => machine.run`
          openssl s_client -connect ${door} ${version} </dev/null 2>&1 || true`
        expect(await speak('-tls1_2'), door).toContain('alert protocol version')
        expect(await speak('-tls1_3'), door).toContain('New, TLSv1.3')
      }
    }
  })
}
