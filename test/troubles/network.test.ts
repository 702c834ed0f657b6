import { describe } from 'vitest'
import { test } from './printed.ts'
import { apart, lackOf, pathOf } from './programs.ts'

// A bridge as step 12 has on each machine, and a firewall before it.
const bridge = `
  ip link add cni0 type bridge
  ip address add 10.200.1.1/24 dev cni0
  ip link set cni0 up
  nft add table inet firewall
  nft 'add chain inet firewall sent { type filter hook output priority 0; }'`

const lack = lackOf(['etcdctl'], { root: true, system: ['ip', 'nft', 'curl'] })

describe.skipIf(lack)('in the network', () => {
  test('a second route to the same pods is refused', async ({ prints }) => {
    await prints(() =>
      apart(`${bridge}
        ip route add 10.200.1.0/24 via 10.200.1.9`),
    )
  })

  test('a firewall that rejects leaves no route', async ({ prints }) => {
    await prints(() =>
      apart(
        `${bridge}
        nft add rule inet firewall sent tcp dport 2379 reject with icmpx host-unreachable
        "$etcdctl" --endpoints http://10.200.1.1:2379 get /`,
        { etcdctl: pathOf('etcdctl') },
      ),
    )
  })

  test('a firewall that drops leaves a client waiting', async ({ prints }) => {
    await prints(() =>
      apart(`${bridge}
        nft add rule inet firewall sent tcp dport 30080 drop
        curl --silent --show-error --connect-timeout 1 http://10.200.1.1:30080`),
    )
  })
})
