import { type Script, sh } from '../lib/shell.ts'
import type { LabPlan } from './plan.ts'

/** What the base system of a kind of machines is made of. */
export interface System {
  kind: LabPlan['kind']
  /** Debian release. */
  release: string
  /** Packages. What step 02 installs is not among them. */
  included: string[]
  /** Run before packages are installed, with the new system's folder as $1. */
  before: Script
  /** Run when all are. */
  after: Script
}

// What the smallest cloud image has.
const everywhere = [
  'systemd',
  'systemd-sysv',
  'dbus',
  'openssh-server',
  'sudo',
  'iproute2',
  'ca-certificates',
  'procps',
  'kmod',
]

// What a machine with a kernel and devices of its own needs besides.
const ofOwnKernel = [
  'linux-image-cloud-amd64',
  'initramfs-tools',
  'zstd',
  'udev',
  'e2fsprogs',
  'systemd-timesyncd',
]

const releases = { 'debian-13': 'trixie', 'debian-12': 'bookworm' } as const

/** Unit of a virtual machine that makes a copy of the image one machine. */
const identityUnit = `[Unit]
Description=What makes this copy of the image one machine
DefaultDependencies=no
ConditionPathExists=!/etc/lab-machine
After=systemd-remount-fs.service
Before=sysinit.target local-fs.target systemd-sysctl.service
Before=systemd-networkd.service systemd-tmpfiles-setup.service

[Service]
Type=oneshot
ExecStart=/bin/tar -xpf /dev/vdb -C /
ExecStart=/bin/sync
ExecStart=/bin/touch /etc/lab-machine
`

// Work that a fresh machine would begin by itself while steps are measured.
const masked = [
  'apt-daily.timer',
  'apt-daily-upgrade.timer',
  'dpkg-db-backup.timer',
  'e2scrub_all.timer',
  'e2scrub_reap.service',
  'fstrim.timer',
]

/** The system that the machines of a lab run. */
export function systemOf({ kind, os }: Pick<LabPlan, 'kind' | 'os'>): System {
  return kind === 'vm' ? virtual(releases[os]) : container()
}

// Debian 12: its systemd is the last that boots on a host with cgroup v1
// without a switch of the kernel.
function container(): System {
  return {
    kind: 'container',
    release: 'bookworm',
    included: everywhere,
    before: sh`:`,
    after: sh`:`,
  }
}

function virtual(release: string): System {
  const units = 'etc/systemd/system'
  return {
    kind: 'vm',
    release,
    included: [...everywhere, ...ofOwnKernel],
    // Only what finds the disk: the rest is loaded from there, sooner.
    before: sh`
      mkdir -p "$1"/etc/initramfs-tools/conf.d
      echo MODULES=list > "$1"/etc/initramfs-tools/conf.d/lab
      mkdir -p "$1"/usr/share/initramfs-tools/modules.d
      printf '%s\n' virtio_pci virtio_blk ext4 \
        > "$1"/usr/share/initramfs-tools/modules.d/lab
      `,
    after: sh`
      echo '/dev/vda / ext4 defaults,x-systemd.growfs 0 1' > "$1"/etc/fstab
      printf %s ${identityUnit} > "$1"/${units}/identity.service
      mkdir -p "$1"/${units}/sysinit.target.wants
      ln -s ../identity.service "$1"/${units}/sysinit.target.wants/
      chroot "$1" systemctl --quiet enable systemd-networkd.service
      chroot "$1" systemctl --quiet mask ${masked}
      `,
  }
}
