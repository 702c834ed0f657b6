import { expect, test } from 'vitest'
import type { About, Verdict } from '../../lib/node-spec/check.ts'
import { checks, hostsBlock, nodePackages } from '../../lib/node-spec.ts'

const machines = [
  { name: 'cp-1', address: '10.10.0.11' },
  { name: 'worker-1', address: '10.10.0.21' },
]

function judge(
  id: string,
  printed: string,
  about: Partial<About> = {},
): Verdict {
  const check = checks.find((one) => one.id === id)
  if (!check) throw new Error(`no check ${id}`)
  return check.judge(printed, {
    machine: { ...machines[0], roles: ['control-plane'] } as About['machine'],
    machines,
    family: 'debian',
    os: { id: 'debian', version: '12', name: 'Debian 12' },
    container: false,
    member: false,
    everywhere: [],
    ...about,
  })
}

const GiB = 1024 ** 3 / 4096
const disk = (free: number, inodes = 1_000_000, freeInodes = 900_000) =>
  `block=4096\nblocks=${100 * GiB}\nfree=${free * GiB}\n` +
  `inodes=${inodes}\nfree-inodes=${freeInodes}`
const packages = nodePackages.debian.map((name) => `installed ${name}`)
const config = (...missing: string[]) =>
  [
    'readable=/proc/config.gz',
    'cgroup=cgroup2fs',
    ...(checks.find(({ id }) => id === 'kernel-options')?.wanted ?? '')
      .split(', ')
      .filter((name) => !missing.includes(name))
      .map((name) => `CONFIG_${name}=m`),
  ].join('\n')
const allThere = ['overlay', 'br_netfilter', 'nf_conntrack', 'nf_tables']
  .map((name) => `there ${name}`)
  .join('\n')
const v1 = 'cpu\ncpuacct\ncpuset\ndevices\nfreezer\nmemory\npids'
const unit = (id: string, state: string, path: string) =>
  `Id=${id}.service\nLoadState=loaded\nActiveState=${state}\nFragmentPath=${path}`

test.each([
  ['architecture', 'aarch64\n6.1.0-18-arm64'],
  ['kernel', 'x86_64\n5.13.0'],
  ['kernel', 'x86_64\n6.1.0-31-amd64'],
  ['kernel', 'x86_64\n10.2.0'],
  ['init', 'systemd 252 (252.30-1~deb12u2)'],
  ['packages', packages.join('\n')],
  ['time-sync', 'chrony.service loaded active running chrony, an NTP server'],
  ['hostname', 'cp-1\n'],
  ['hostname', 'cp-1.example.org'],
  ['selinux', ''],
  [
    'leftovers',
    'Id=kubelet.service\nLoadState=not-found\nActiveState=inactive',
  ],
  ['leftovers', 'Id=haproxy.service\nLoadState=masked\nActiveState=inactive'],
  ['kernel-options', config()],
  ['modules', allThere],
  ['cgroup-version', 'cgroup2fs'],
  ['cgroup-controllers', 'version=2\ncpuset\ncpu\nio\nmemory\npids'],
  ['cgroup-controllers', `version=1\n${v1}`],
  ['oom-scores', 'yes'],
  ['kernel-log', '1:b'],
  ['ip-forwarding', 'net/ipv4/ip_forward=1'],
  ['bridge-filter', 'net/bridge/bridge-nf-call-iptables=1'],
  [
    'inotify',
    'fs/inotify/max_user_instances=8192\nfs/inotify/max_user_watches=600000',
  ],
  ['file-limits', 'fs/nr_open=1048576\nfs/file-max=9223372036854775807'],
  ['cpu', '2'],
  ['memory', 'MemTotal:        1000000 kB'],
  ['memory-comfort', 'MemTotal:        4000000 kB'],
  ['disk', disk(3)],
  ['disk', disk(3, 0, 0)],
  ['disk-pressure', disk(15)],
  ['mount-options', '/usr/local=rw,nodev,relatime\n/var/lib=rw,relatime'],
  ['root-propagation', 'shared'],
  ['swap', ''],
  ['ports', ''],
  ['node-ports', '0B000A0A 6443 nginx 0::/system.slice/nginx.service'],
  ['localhost', '127.0.0.1       STREAM localhost'],
  ['machine-names', `::1 localhost\n${hostsBlock(machines)}\n# the rest`],
  ['resolver', 'nameserver 127.0.0.53\nnameserver 192.0.2.1'],
  ['firewall', ''],
])('%s finds nothing wrong with %j', (id, printed) => {
  expect(judge(id, printed)).toMatchObject({ fine: true })
})

test.each([
  ['architecture', 'armv7l\n6.1.0', 'armv7l'],
  ['kernel', 'x86_64\n5.10.0-28-amd64', '5.10.0-28-amd64'],
  ['kernel', 'x86_64\n4.18.0-553.el8', '4.18.0-553.el8'],
  ['kernel', '', 'nothing'],
  ['init', 'tini', 'tini'],
  ['packages', packages.slice(1).join('\n'), 'missing: ca-certificates'],
  [
    'packages',
    packages.join('\n').replace('installed curl', 'half-configured curl'),
    'missing: curl',
  ],
  ['time-sync', '', 'none of chrony'],
  ['hostname', 'localhost', 'localhost'],
  ['selinux', '1\n', 'enforcing'],
  [
    'leftovers',
    'file=/etc/kubernetes/admin.conf',
    '/etc/kubernetes/admin.conf',
  ],
  [
    'leftovers',
    unit('containerd', 'active', '/usr/lib/systemd/system/containerd.service'),
    'containerd.service (active)',
  ],
  [
    'leftovers',
    `file=/var/lib/rancher\n${unit('k3s', 'failed', '/etc/systemd/system/k3s.service')}` +
      `\n\n${unit('haproxy', 'active', '/lib/systemd/system/haproxy.service')}`,
    'k3s.service (failed), haproxy.service (active), /var/lib/rancher',
  ],
  ['kernel-options', config('NF_TABLES', 'MEMCG'), 'missing: MEMCG, NF_TABLES'],
  ['cgroup-version', 'tmpfs', 'cgroup v1 (tmpfs'],
  ['cgroup-controllers', 'version=2\ncpu\ncpuset\npids', 'missing: memory'],
  ['cgroup-controllers', 'version=1\ncpu\ncpuset\nmemory\npids', 'cpuacct'],
  [
    'cgroup-controllers',
    `version=1\n${v1}\nread-only=/sys/fs/cgroup/memory`,
    'read-only: /sys/fs/cgroup/memory',
  ],
  ['oom-scores', '', 'not permitted'],
  ['kernel-log', '', 'no /dev/kmsg'],
  ['ip-forwarding', 'net/ipv4/ip_forward=0', 'net.ipv4.ip_forward=0'],
  ['bridge-filter', '', 'bridge-nf-call-iptables is not there'],
  ['inotify', 'fs/inotify/max_user_instances=128', 'max_user_instances=128'],
  ['file-limits', 'fs/nr_open=4096\nfs/file-max=1048576', 'fs.nr_open=4096'],
  ['cpu', '1', '1'],
  ['memory', 'MemTotal:         500000 kB', '488 MiB'],
  ['memory', '', '0 MiB'],
  ['memory-comfort', 'MemTotal:        1000000 kB', '976 MiB'],
  ['disk', disk(1), '1.0 GiB'],
  ['disk', disk(50, 1_000_000, 100), '100 inodes free'],
  ['disk-pressure', disk(14), '14 % of space'],
  ['disk-pressure', disk(50, 1_000_000, 10_000), '1 % of inodes'],
  [
    'mount-options',
    '/usr/local=ro,relatime\n/var/lib=rw,nodev,noexec',
    '/usr/local is ro, /var/lib is nodev, /var/lib is noexec',
  ],
  ['root-propagation', 'private,slave', 'private'],
  ['swap', '/dev/sda2  partition 999 0 -2', '/dev/sda2'],
  ['node-ports', '00000000 31000 java', '31000 is held by java'],
  ['localhost', '', 'nothing'],
  ['machine-names', '', 'no /etc/hosts'],
  ['machine-names', '127.0.0.1 localhost', 'the block is missing'],
  ['resolver', '', 'no nameserver'],
  ['resolver', 'nameserver 127.0.0.53', 'only 127.0.0.53'],
  ['firewall', 'firewalld is active', 'firewalld is active'],
])('%s finds fault with %j', (id, printed, found) => {
  const verdict = judge(id, printed)
  expect(verdict.fine).toBe(false)
  expect(verdict.found).toContain(found)
})

test('A distribution that is not tested is advised, never refused', () => {
  const os = { id: 'fedora', version: '43', name: 'Fedora Linux 43' }
  expect(judge('os', '', { os })).toEqual({
    fine: false,
    found: 'Fedora Linux 43',
  })
})

test('Missing packages block only where neither apt nor dnf can bring them', () => {
  const printed = 'installed curl'
  expect(judge('packages', printed).severity).toBeUndefined()
  expect(judge('packages', printed, { family: undefined })).toMatchObject({
    fine: false,
    severity: 'blocks',
  })
})

test('Packages have the names of the machine’s own family', () => {
  const printed = nodePackages.fedora
    .map((name) => `installed ${name}`)
    .join('\n')
  expect(judge('packages', printed, { family: 'fedora' }).fine).toBe(true)
  expect(judge('packages', printed).found).toContain('iproute2')
})

test('A container may rely on the clock of its host', () => {
  expect(judge('time-sync', '', { container: true }).fine).toBe(true)
})

test('Files of a cluster are leftovers, except of this one', () => {
  const printed =
    'file=/var/lib/etcd/member\n' +
    unit('kubelet', 'active', '/etc/systemd/system/kubelet.service')
  expect(judge('leftovers', printed).fine).toBe(false)
  expect(judge('leftovers', printed, { member: true }).fine).toBe(true)
})

test('A kubelet of a package is foreign on a machine of ours, too', () => {
  const printed = unit(
    'kubelet',
    'inactive',
    '/lib/systemd/system/kubelet.service',
  )
  expect(judge('leftovers', printed, { member: true }).fine).toBe(false)
})

test('Kernel options that nobody can read are advised', () => {
  expect(judge('kernel-options', 'cgroup=cgroup2fs')).toMatchObject({
    fine: false,
    severity: 'advised',
  })
})

test('cgroup v1 needs other kernel options than v2', () => {
  const printed = config('CGROUP_BPF').replace('cgroup2fs', 'tmpfs')
  expect(judge('kernel-options', printed).found).toBe(
    'missing: CGROUP_CPUACCT, CGROUP_DEVICE, CGROUP_FREEZER',
  )
})

test('A module that is built in is there, though it is never loaded', () => {
  const printed = `readable=/boot/config-6.1\n${[
    'OVERLAY_FS',
    'BRIDGE_NETFILTER',
    'NF_CONNTRACK',
    'NF_TABLES',
  ]
    .map((name) => `CONFIG_${name}=y`)
    .join('\n')}`
  expect(judge('modules', printed).fine).toBe(true)
})

test('A module that can be loaded is prepared, but not in a container', () => {
  const printed = `${allThere.replace('there overlay', 'loadable overlay')}`
  expect(judge('modules', printed)).toMatchObject({
    fine: false,
    found: 'not loaded: overlay',
  })
  expect(judge('modules', printed, { container: true })).toMatchObject({
    severity: 'blocks',
    remedy: expect.stringContaining('on its host: modprobe overlay'),
  })
})

test('A module is missing only where somebody can tell', () => {
  const printed = allThere.replace('there overlay', '')
  expect(judge('modules', printed).severity).toBe('advised')
  expect(judge('modules', `tree=/lib/modules/6.1\n${printed}`)).toMatchObject({
    severity: 'blocks',
    found: 'cannot be loaded here: overlay',
  })
})

test('A kernel log that leads nowhere is advised, a missing one blocks', () => {
  expect(judge('kernel-log', '1:3').severity).toBe('advised')
  expect(judge('kernel-log', '').severity).toBeUndefined()
})

test('Limits of the host are not for a container to set', () => {
  const printed = 'fs/inotify/max_user_instances=128'
  expect(judge('inotify', printed).severity).toBeUndefined()
  const verdict = judge('inotify', printed, { container: true })
  expect(verdict.severity).toBe('advised')
})

test('A worker gets by with less memory than a control plane', () => {
  const machine = {
    name: 'w',
    address: '10.10.0.21',
    roles: ['worker'] as const,
  }
  const printed = 'MemTotal:         600000 kB'
  expect(judge('memory', printed).fine).toBe(false)
  expect(judge('memory', printed, { machine }).fine).toBe(true)
})

test('A full disk blocks a new machine, and is advised on one of ours', () => {
  expect(judge('disk', disk(1)).severity).toBeUndefined()
  expect(judge('disk', disk(1), { member: true }).severity).toBe('advised')
})

test('A port that another program holds is in the way', () => {
  const printed =
    '00000000000000000000000000000000 6443 nginx ' +
    '1:name=systemd:/payload/system.slice/nginx.service\n' +
    '0B000A0A 2379 my program'
  expect(judge('ports', printed).found).toBe(
    '6443 is held by nginx (nginx.service), ' +
      '2379 on 10.10.0.11 is held by my program',
  )
})

test('A port is only in the way on an address that is needed', () => {
  // etcd’s peer port is opened on the machine’s address alone.
  expect(judge('ports', '0100007F 2380 tunnel').fine).toBe(true)
  expect(judge('ports', '0B000A0A 10248 tunnel').fine).toBe(true)
  expect(judge('ports', '0100007F 10248 tunnel').fine).toBe(false)
  const loopback6 = '00000000000000000000000001000000'
  expect(judge('ports', `${loopback6} 6443 tunnel`).fine).toBe(false)
})

test('A worker needs none of the ports of a control plane', () => {
  const machine = {
    name: 'w',
    address: '10.10.0.21',
    roles: ['worker'] as const,
  }
  expect(judge('ports', '00000000 6443 nginx', { machine }).fine).toBe(true)
})

test('A port that the cluster itself holds is fine', () => {
  const printed = '0100007F 10257 kube-controller 0::/system.slice/x.service'
  expect(judge('ports', printed).fine).toBe(false)
  expect(judge('ports', printed, { member: true }).fine).toBe(true)
})

test('The MTU is compared on the interfaces of the machines’ addresses', () => {
  const printed = (address: string, mtu: number) =>
    `1: lo    inet 127.0.0.1/8 scope host lo\n` +
    `2: eth0    inet ${address}/24 brd 10.10.0.255 scope global eth0\n` +
    `lo/mtu:65536\neth0/mtu:${mtu}`
  const everywhere = [
    { name: 'a', address: '10.10.0.11', printed: printed('10.10.0.11', 9000) },
    { name: 'b', address: '10.10.0.12', printed: printed('10.10.0.12', 1500) },
    { name: 'c', address: '10.10.0.13', printed: printed('10.10.0.13', 1500) },
  ]
  expect(judge('mtu', printed('10.10.0.11', 9000), { everywhere }).found).toBe(
    '9000, where most machines have 1500',
  )
  const machine = { name: 'b', address: '10.10.0.12', roles: [] }
  expect(
    judge('mtu', everywhere[1]?.printed ?? '', { everywhere, machine }),
  ).toEqual({ fine: true, found: '1500' })
})

test('Every check survives a probe that printed nothing', () => {
  for (const { id } of checks) expect(judge(id, '').found).not.toBe('')
})
