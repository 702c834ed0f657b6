/** A family of distributions: those that share package names and tools. */
export type Family = 'debian' | 'fedora'

/** A package that a machine needs, and what for. */
export interface NodePackage {
  /** Its name where `apt` installs it. */
  debian: string
  /** Its name where `dnf` installs it. */
  fedora: string
  /**
   * What comes with it, and is looked for where neither is: a command, several
   * with `|` between them, or the path of a file.
   */
  brings: string
  why: string
}

/**
 * Everything that a machine needs from its distribution. Kubernetes itself
 * needs little of it: the rest is what the steps work with.
 *
 * @see https://kubernetes.io/docs/reference/networking/virtual-ips/
 */
export const packageTable: readonly NodePackage[] = [
  {
    debian: 'ca-certificates',
    fedora: 'ca-certificates',
    brings: 'update-ca-certificates|update-ca-trust',
    why: 'tells real download hosts and registries from false ones',
  },
  {
    debian: 'curl',
    fedora: 'curl',
    brings: 'curl',
    why: 'fetches releases onto the machine, and asks health endpoints',
  },
  {
    debian: 'haproxy',
    fedora: 'haproxy',
    brings: 'haproxy',
    why:
      'the API load balancer of every machine; its packaged unit is masked ' +
      'before it comes, because step 08 brings its own',
  },
  {
    debian: 'iproute2',
    fedora: 'iproute',
    brings: 'ip',
    why: '`ip` sets the routes between the pod subnets, `ss` shows ports',
  },
  {
    debian: 'kmod',
    fedora: 'kmod',
    brings: 'modprobe',
    why: 'loads kernel modules',
  },
  {
    debian: 'mount',
    fedora: 'util-linux',
    brings: 'losetup',
    why:
      'the kubelet mounts volumes with `mount`, and turns files into block ' +
      'volumes with `losetup`',
  },
  {
    debian: 'netbase',
    fedora: 'setup',
    brings: '/etc/protocols',
    why:
      '`nft` takes the names of protocols from `/etc/protocols`. Without it, ' +
      'kube-proxy reads its own rules back with numbers where it wrote ' +
      '`tcp`, takes them for strangers and removes them: Services are gone ' +
      'when it starts again, and after an hour at the latest',
  },
  {
    debian: 'nftables',
    fedora: 'nftables',
    brings: 'nft',
    why:
      'kube-proxy in nftables mode, the CNI plugins and our masquerade rule ' +
      'all write their rules with `nft`',
  },
  {
    debian: 'openssl',
    fedora: 'openssl',
    brings: 'openssl',
    why: 'shows certificates, and what a server presents',
  },
  {
    debian: 'procps',
    fedora: 'procps-ng',
    brings: 'sysctl',
    why: '`sysctl` sets kernel parameters at once, without a reboot',
  },
]

/**
 * What older guides install and this one does not, with the reason.
 */
export const packagesNotNeeded: readonly { name: string; why: string }[] = [
  {
    name: 'conntrack',
    why: 'kube-proxy has spoken to the kernel itself (netlink) since 1.32',
  },
  {
    name: 'socat',
    why: 'containerd forwards ports itself, inside the network of the pod',
  },
  {
    name: 'iptables, ebtables, ipset, ipvsadm',
    why:
      'everything that writes rules here writes nftables; the kubelet adds ' +
      'an iptables hint for others only where it finds iptables',
  },
  {
    name: 'ethtool, tc, nsenter',
    why: 'kubeadm asked for them until 1.33; the kubelet never runs them',
  },
  {
    name: 'e2fsprogs, xfsprogs, nfs-common, open-iscsi',
    why: 'only some storage drivers need them, and say so in their own docs',
  },
]

/**
 * Names of the packages that every machine needs, per family. What step 02
 * installs is this list and what it depends on.
 *
 * @example
 * nodePackages.debian.includes('haproxy') // true
 */
export const nodePackages: Readonly<Record<Family, string[]>> = {
  debian: packageTable.map(({ debian }) => debian),
  fedora: packageTable.map(({ fedora }) => fedora),
}
