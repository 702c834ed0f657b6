import { expect, test } from 'vitest'
import { etcdctl } from '../../../steps/etcd/etcdctl.ts'
import { type Ground, namespace, places } from './ground.ts'
import { vantage, type Who } from './vantage.ts'

/** Whoever reads the database has every Secret, whoever writes it has all. */
export function etcdRefuses(ground: () => Ground): void {
  test.each(places)(
    'etcd refuses %s without its certificate',
    async (place) => {
      const { cluster, controlPlanes, operator, stolen, from, foreign } =
        ground()
      const { etcdClient, etcdPeer } = cluster.ports
      const wrong = {
        'no certificate': {},
        'one of the cluster': operator.pair('cluster/super-admin'),
        'one of somebody else': await foreign('etcdctl'),
        'that of a node': stolen,
      }
      for (const machine of controlPlanes) {
        const { name, address } = machine
        const client = `https://${address}:${etcdClient.port}/health`
        const peer = `https://${address}:${etcdPeer.port}/version`
        const ask = (url: string, who: Who) => from[place].ask(url, who)
        for (const url of [client, peer]) {
          for (const [what, who] of Object.entries(wrong)) {
            const { status, error } = await ask(url, who)
            expect(status, `${url}: ${what}`).toBe(0)
            // It answered, so somebody is there who has hung up.
            expect(error, `${url}: ${what}`).toMatch(hungUp)
          }
        }
        const right = await ask(client, operator.pair('etcd/etcdctl'))
        expect(right.status, right.error).toBe(200)
        // That of a member is good on its own address alone.
        const member = operator.pair(`etcd/peer-${name}`)
        expect((await ask(peer, member)).status, peer).toBe(0)
        const own = await vantage(machine).ask(peer, member)
        expect(own.status, `${peer}: ${own.error}`).toBe(200)
      }
    },
  )
}

const hungUp = /alert|not connected|reset|Empty reply/

/** What somebody who steals a disk finds. */
export function secretsAreEncrypted(ground: () => Ground): void {
  test('every Secret in etcd is encrypted', async () => {
    const { controlPlanes, api } = ground()
    const secrets = await api.list('/api/v1/secrets')
    expect(secrets.length).toBeGreaterThan(1)
    for (const machine of controlPlanes) {
      const { kvs } = JSON.parse(
        await machine.read`
          ${etcdctl()} get --prefix --write-out json /registry/secrets/`,
      ) as { kvs: { key: string; value: string }[] }
      expect(kvs).toHaveLength(secrets.length)
      for (const { key, value } of kvs) {
        const text = Buffer.from(value, 'base64').toString('latin1')
        const name = Buffer.from(key, 'base64').toString()
        expect(text.slice(0, 30), name).toMatch(/^k8s:enc:secretbox:v1:key\d+:/)
      }
    }
  })

  test('no file of etcd holds the word of a Secret', async () => {
    const { controlPlanes, api, taken } = ground()
    const open = 'a word that anybody may read'
    const metadata = { name: 'open', namespace }
    const kind = { apiVersion: 'v1', kind: 'ConfigMap', metadata }
    await api.apply({ ...kind, data: { word: open } })
    for (const machine of controlPlanes) {
      const holds = (word: string) =>
        machine.test`grep --recursive --quiet --text ${word} /var/lib/etcd`
      expect(await holds(open), machine.name).toBe(true)
      expect(await holds(`for pods on ${taken.name}`), machine.name).toBe(false)
    }
  })
}
