import { existsSync, readdirSync } from 'node:fs'
import { execa } from 'execa'
import { overlap } from '../lib/addresses.ts'
import { type Script, sh } from '../lib/shell.ts'
import { workCgroup } from './names.ts'
import type { LabPlan } from './plan.ts'
import { adminPath, shell } from './root-command.ts'

/** Name of the bridge, inside of the lab's network namespace. */
export const bridge = 'machines'

/**
 * Makes the lab's network, where it is not there already.
 *
 * All of it lives in a network namespace of its own: the bridge, the
 * machines' links, the services. This host has one link into it and is a
 * guest there. So the host's firewall and routes neither matter to the lab
 * nor change for it, no packet of a machine can reach a real network, and
 * two labs may use the same outside address.
 */
export async function createNetwork(plan: LabPlan): Promise<void> {
  const { network, range, gateway, operator, outside } = plan
  const prefix = range.replace(/.*\//, '')
  await shell(
    `make the network ${network}`,
    sh`
    [ -e /run/netns/${network} ] || ip netns add ${network}
    in_lab() { nsenter --net=/run/netns/${network} "$@"; }

    if ! in_lab ip link show ${bridge} >/dev/null 2>&1; then
      in_lab ip link set lo up
      in_lab ip link add ${bridge} mtu 1500 type bridge forward_delay 0
      in_lab ip link set ${bridge} up
    fi
    in_lab ip address replace ${gateway}/${prefix} dev ${bridge}
    in_lab ip address replace ${outside.address}/32 dev lo

    # Nothing is passed on from here, even where the host does so.
    in_lab sh -c 'echo 0 > /proc/sys/net/ipv4/ip_forward'

    # The bridge is a plain switch: its frames pass no firewall.
    for family in arp ip ip6; do
      file=/proc/sys/net/bridge/bridge-nf-call-"$family"tables
      in_lab sh -c "[ ! -e $file ] || echo 0 > $file"
    done

    if ! ip link show ${network} >/dev/null 2>&1; then
      in_lab ip link delete operator 2>/dev/null || :
      ip link add ${network} mtu 1500 type veth \
        peer name operator mtu 1500 netns ${network}
    fi
    in_lab ip link set operator master ${bridge} up
    ip link set ${network} addrgenmode none
    ip link set ${network} up
    ip address replace ${operator} dev ${network}
    `,
    workCgroup(plan.cluster),
  )
}

/**
 * Removes the network and says whether there was one.
 */
export async function removeNetwork(network: string): Promise<boolean> {
  if (!networkExists(network)) return false
  await shell(
    `remove the network ${network}`,
    sh`
    ! ip link show ${network} >/dev/null 2>&1 || ip link delete ${network}
    [ ! -e /run/netns/${network} ] || ip netns delete ${network}
    `,
  )
  await removeNamespaceFolder()
  return true
}

/** Whether anything of the network is there. */
export function networkExists(network: string): boolean {
  return (
    existsSync(`/sys/class/net/${network}`) ||
    existsSync(`/run/netns/${network}`)
  )
}

/**
 * Finds routes and links of this host that share addresses with the lab.
 *
 * @returns a line for each, such as `10.10.0.0/16 on eth0`
 */
export async function collisions(
  range: string,
  network: string,
): Promise<string[]> {
  const { stdout } = await execa(
    'ip',
    ['-json', '-4', 'route', 'show', 'table', 'all'],
    { env: { PATH: adminPath() } },
  )
  return collidingRoutes(JSON.parse(stdout || '[]'), range, network)
}

/** A route as `ip -json route` prints it. */
export interface Route {
  dst: string
  dev?: string
  type?: string
}

/**
 * The routes that a range collides with. A default route, also one in halves
 * as VPNs set it, collides with nothing: a longer prefix wins over it.
 *
 * @example
 * collidingRoutes([{ dst: '10.0.0.0/8', dev: 'tun0' }], '10.10.0.0/24', 'kfs-a')
 * // ['10.0.0.0/8 on tun0']
 */
export function collidingRoutes(
  routes: readonly Route[],
  range: string,
  network: string,
): string[] {
  return routes
    .filter(({ dev, type }) => dev !== network && type !== 'broadcast')
    .filter(({ dst }) => dst !== 'default' && !dst.endsWith('/1'))
    .filter(({ dst }) => overlap(dst.includes('/') ? dst : `${dst}/32`, range))
    .map(({ dst, dev }) => `${dst} on ${dev ?? 'no link'}`)
}

/** Wraps a command so that it runs inside of the lab's network. */
export function insideNetwork(network: string): Script {
  return sh`nsenter --net=/run/netns/${network}`
}

// `ip netns` mounts this folder onto itself and never takes it away.
async function removeNamespaceFolder(): Promise<void> {
  if (!existsSync('/run/netns') || readdirSync('/run/netns').length) return
  await shell(
    'remove /run/netns',
    sh`
    while mountpoint -q /run/netns; do umount /run/netns; done
    rmdir /run/netns
    `,
  )
}
