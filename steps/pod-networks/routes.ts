// The pod network that hides nothing: a bridge on every machine, and a route
// to every other machine's pods. It needs machines on one network segment.

import { sh } from '../../lib/shell.ts'
import { text } from '../../lib/text.ts'
import type { PodNetwork } from './pod-network.ts'

const cni = '/etc/cni/net.d/10-pods.conflist'
const folder = '/etc/kubernetes/pod-network'

export const routes: PodNetwork = {
  async configure(machine, cluster, subnets) {
    // #region bridge
    // containerd runs these plugins, in order, for every pod that starts.
    const plugins = [
      {
        type: 'bridge',
        bridge: 'cni0',
        isGateway: true,
        // A pod that calls its own Service is sent back to where it came
        // from; a bridge drops such frames unless told otherwise.
        hairpinMode: true,
        // The plugin's rule would also hide a pod from pods on other nodes.
        // The network model wants its own address to be seen: see below.
        ipMasq: false,
        ipam: {
          type: 'host-local',
          ranges: [[{ subnet: subnets.get(machine.name) }]],
          routes: [{ dst: '0.0.0.0/0' }],
        },
      },
      // Makes `hostPort` work; by default it would want iptables.
      {
        type: 'portmap',
        capabilities: { portMappings: true },
        backend: 'nftables',
      },
    ]
    const conflist = { cniVersion: '1.0.0', name: 'pods', plugins }
    await machine.file(cni, `${JSON.stringify(conflist, null, 2)}\n`)
    // #endregion bridge

    // #region routes
    // Never one for the machine's own subnet: it would hide the bridge.
    const others = cluster.machines.filter(({ name }) => name !== machine.name)
    const lines = others.map(
      ({ name, address }) =>
        `route replace ${subnets.get(name)} via ${address} proto ${protocol}`,
    )
    await machine.file(
      `${folder}/routes`,
      [`route flush proto ${protocol}`, ...lines, ''].join('\n'),
    )
    // #endregion routes

    // #region masquerade
    // The outside has no route to a pod, so what leaves the cluster takes the
    // machine's address. What stays inside keeps its own.
    const { pods, services, machines } = cluster.networks
    const inside = [pods, services, machines].join(', ')
    await machine.file(
      `${folder}/masquerade.nft`,
      text`
        table ip pod-network
        delete table ip pod-network
        table ip pod-network {
          chain postrouting {
            type nat hook postrouting priority srcnat
            ip saddr ${pods} ip daddr != { ${inside} } masquerade
          }
        }
      `,
    )
    // #endregion masquerade

    // #region persist
    // A unit, because routes and rules live in the kernel: after a reboot
    // they have to be put there again, before pods start.
    await machine.service('pod-network', {
      unit: text`
        [Unit]
        Description=Routes to the pods of other machines
        Wants=network-online.target
        After=network-online.target
        Before=kubelet.service
        StartLimitIntervalSec=0

        [Service]
        Type=oneshot
        RemainAfterExit=yes
        # No route leads through a network that is not up yet: try again.
        Restart=on-failure
        RestartSec=1s
        ExecStart=ip -force -batch ${folder}/routes
        ExecStart=nft -f ${folder}/masquerade.nft

        [Install]
        WantedBy=multi-user.target
      `,
      reads: [folder],
    })
    // #endregion persist
  },

  async remove(machine) {
    await machine.removeService('pod-network')
    await machine.remove(cni, folder, '/var/lib/cni')
    // The second table is that of portmap, which leaves it behind when the
    // last pod with a `hostPort` is gone.
    const tables = sh`nft list tables |
      sed -nE 's/^table ip (pod-network|cni_hostport)$/delete &/p'`
    await machine.ensure(
      'removed routes, rules and the bridge',
      sh`[ -z "$(ip route show proto ${protocol})$(${tables})" ]
         ! ip link show cni0`,
      sh`ip route flush proto ${protocol}
         ${tables} | nft -f -
         # They would outlive their pods for minutes, with connections that
         # wait for an answer that no longer finds its way.
         for link in $(ip -brief link show master cni0 | cut -d @ -f 1); do
           ip link delete $link
         done
         ip link delete cni0 2>/dev/null || true`,
    )
  },
}

// Marks our routes among those of others; any unused number would do.
const protocol = 147
