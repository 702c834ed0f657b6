import { chmod, chown, mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { sh } from '../lib/shell.ts'
import type { Identity } from './identity.ts'
import { bare, type LabMachine, type LabPlan } from './plan.ts'
import { packagesPort } from './services.ts'

/** A file, a folder or a link that a machine has besides the base system. */
export type Entry =
  | { content: string; mode?: number; owner?: number }
  | { folder: true; mode?: number; owner?: number }
  | { link: string }

// The user `admin` is the first of the base system.
const adminId = 1000

// Of no use in a container, or in the way of a quick start.
const masked = [
  'apt-daily.timer',
  'apt-daily-upgrade.timer',
  'console-getty.service',
  'dev-hugepages.mount',
  'dpkg-db-backup.timer',
  'e2scrub_all.timer',
  'e2scrub_reap.service',
  'fstrim.timer',
  'getty.target',
  'getty-static.service',
  'kmod-static-nodes.service',
  'proc-sys-fs-binfmt_misc.automount',
  'sys-fs-fuse-connections.mount',
  'sys-kernel-config.mount',
  'sys-kernel-debug.mount',
  'sys-kernel-tracing.mount',
  'systemd-ask-password-console.path',
  'systemd-ask-password-wall.path',
  'systemd-binfmt.service',
  'systemd-firstboot.service',
  'systemd-journal-flush.service',
  'systemd-machine-id-commit.service',
  'systemd-pstore.service',
  'systemd-random-seed.service',
  'systemd-repart.service',
  'systemd-update-utmp.service',
  'systemd-update-utmp-runlevel.service',
]

// Debian's own settings of the kernel, which is this host's. What the steps
// write to /etc/sysctl.d is applied at each start as anywhere else.
const withheldSysctls = ['50-pid-max.conf', '99-protect-links.conf']

/**
 * What makes a copy of the base system this machine.
 *
 * @returns entries by absolute path
 */
export function machineFiles(
  plan: LabPlan,
  machine: LabMachine,
  identity: Identity,
): Record<string, Entry> {
  return {
    ...anyMachine(plan, machine, identity),
    ...(plan.kind === 'vm'
      ? virtualMachine(plan, machine)
      : containerMachine(plan, machine)),
  }
}

function anyMachine(
  plan: LabPlan,
  machine: LabMachine,
  identity: Identity,
): Record<string, Entry> {
  const key = { content: `${plan.key}\n`, mode: 0o600 }
  return {
    '/etc/hostname': { content: `${machine.name}\n` },
    '/etc/hosts': {
      content:
        '127.0.0.1 localhost\n::1 localhost\n' +
        `${bare(machine.address)} ${machine.name}\n`,
    },
    '/etc/resolv.conf': { content: `nameserver ${plan.outside.address}\n` },
    '/etc/machine-id': { content: `${identity.machineId}\n`, mode: 0o444 },
    '/etc/apt/sources.list': {
      content: `deb [trusted=yes] http://${plan.gateway}:${packagesPort}/ ./\n`,
    },
    '/etc/apt/apt.conf.d/lab': { content: 'Acquire::Languages "none";\n' },
    '/etc/ssh/ssh_host_ed25519_key': { content: identity.hostKey, mode: 0o600 },
    '/etc/ssh/ssh_host_ed25519_key.pub': { content: identity.hostKeyPublic },
    '/etc/ssh/sshd_config.d/lab.conf': {
      content: `Port ${machine.sshPort}\nHostKey /etc/ssh/ssh_host_ed25519_key\n`,
    },
    '/root': { folder: true, mode: 0o700 },
    '/root/.ssh': { folder: true, mode: 0o700 },
    '/root/.ssh/authorized_keys': key,
    '/home/admin': { folder: true, mode: 0o755, owner: adminId },
    '/home/admin/.ssh': { folder: true, mode: 0o700, owner: adminId },
    '/home/admin/.ssh/authorized_keys': { ...key, owner: adminId },
  }
}

function virtualMachine(
  plan: LabPlan,
  machine: LabMachine,
): Record<string, Entry> {
  return {
    '/etc/systemd/network/eth0.network': {
      content:
        '[Match]\nName=eth0\n\n[Network]\n' +
        `Address=${machine.address}\nGateway=${plan.gateway}\n` +
        'LinkLocalAddressing=no\nIPv6AcceptRA=no\n',
    },
  }
}

function containerMachine(
  plan: LabPlan,
  machine: LabMachine,
): Record<string, Entry> {
  const units = '/etc/systemd/system'
  return {
    '/usr/local/lib/lab/hardware': {
      content: hardware(plan, machine),
      mode: 0o755,
    },
    [`${units}/hardware.service`]: { content: hardwareUnit },
    [`${units}/sysinit.target.wants/hardware.service`]: {
      link: '../hardware.service',
    },
    [`${units}/default.target`]: {
      link: '/lib/systemd/system/multi-user.target',
    },
    ...nothing(masked.map((unit) => `${units}/${unit}`)),
    ...nothing(withheldSysctls.map((name) => `/etc/sysctl.d/${name}`)),
  }
}

// A link to /dev/null hides the file of the same name in /usr/lib.
function nothing(paths: string[]): Record<string, Entry> {
  return Object.fromEntries(paths.map((path) => [path, { link: '/dev/null' }]))
}

/** Writes entries below a folder. Folders that are not named are root's. */
export async function writeEntries(
  root: string,
  entries: Record<string, Entry>,
): Promise<void> {
  // One after the other, in order: a folder comes before what is in it.
  for (const [path, entry] of Object.entries(entries)) {
    const target = join(root, path)
    await makeFolder(root, dirname(path))
    if ('link' in entry) {
      await symlink(entry.link, target)
      continue
    }
    if ('folder' in entry) await makeFolder(root, path)
    else await writeFile(target, entry.content)
    await chmod(target, entry.mode ?? ('folder' in entry ? 0o755 : 0o644))
    await chown(target, entry.owner ?? 0, entry.owner ?? 0)
  }
}

// Modes of these folders hide those of the base system, whatever our umask.
async function makeFolder(root: string, path: string): Promise<void> {
  if (path === '/') return
  await makeFolder(root, dirname(path))
  const target = join(root, path)
  const made = await mkdir(target, { recursive: true })
  if (made) await chmod(target, 0o755)
}

// What a real machine has from its kernel, firmware and network card: cgroups
// that can be written, mounts that are shared, and a link with an address.
// systemd-networkd would wait for udev for ever, because /sys is writable.
function hardware(plan: LabPlan, machine: LabMachine): string {
  return `#!/bin/sh
set -eu
mount --make-rshared /
while read -r _ path type _; do
  case $path in /sys/fs/cgroup*)
    # Of a v1 host: the folder that holds the hierarchies.
    [ "$type" != tmpfs ] || mount -o remount,rw "$path"
    mount -o remount,bind,rw "$path"
  esac
done < /proc/mounts
# A new machine forwards nothing and filters no bridge, whatever its host does.
for name in ipv4/ip_forward bridge/bridge-nf-call-arptables \\
  bridge/bridge-nf-call-iptables bridge/bridge-nf-call-ip6tables
do [ ! -e /proc/sys/net/$name ] || echo 0 > /proc/sys/net/$name
done
[ -e /sys/class/net/eth0 ] || ip link set host0 name eth0
${
  sh`
ip link set eth0 address ${machine.hardwareAddress}
ip address replace ${machine.address} dev eth0
ip link set eth0 up
ip route replace default via ${plan.gateway}
`.script
}
`
}

const hardwareUnit = `[Unit]
Description=What a container machine lacks to be like a real one
DefaultDependencies=no
Before=sysinit.target network-pre.target systemd-sysctl.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/lib/lab/hardware
`
