import { sh } from '../shell.ts'
import { type Check, fine, lines, settings, unfit } from './check.ts'

const kubernetes = 'https://kubernetes.io/docs'
const kubeadm = `${kubernetes}/setup/production-environment/tools/kubeadm/install-kubeadm/#before-you-begin`

const MiB = 1024 ** 2
const GiB = 1024 ** 3

const memory = { id: 'memory', script: sh`grep ^MemTotal: /proc/meminfo` }

const disk = {
  id: 'disk',
  script: sh`
    cd /var/lib
    stat -f -c 'block=%S
    blocks=%b
    free=%a
    inodes=%c
    free-inodes=%d' .`,
}

/** What the machine has: processors, memory, disk, swap. */
export const resourceChecks: readonly Check[] = [
  {
    id: 'cpu',
    title: 'A control plane has two processors',
    severity: 'advised',
    roles: ['control-plane'],
    wanted: '2 or more',
    why:
      'etcd and the API server compete for one, and leases are lost while ' +
      'they wait; kubeadm refuses such a machine, a small lab gets by',
    remedy: 'give the machine another processor',
    look: 'nproc',
    source: kubeadm,
    probe: { id: 'cpu', script: sh`nproc` },
    judge(printed) {
      const found = printed.trim()
      return Number(found) >= 2 ? fine(found) : unfit(found || 'unknown')
    },
  },
  {
    id: 'memory',
    title: 'The machine has the least memory that the components run in',
    severity: 'blocks',
    wanted: '1 GiB on a control plane, 512 MiB on a worker',
    why: 'below this the kernel ends components as soon as they start',
    remedy: 'give the machine more memory',
    look: 'free -m',
    source: kubeadm,
    probe: memory,
    judge: (printed, { machine }) =>
      // A machine of 1 GiB shows less: the kernel keeps some for itself.
      enoughMemory(printed, machine.roles, { controlPlane: 900, worker: 450 }),
  },
  {
    id: 'memory-comfort',
    title: 'The machine has memory left for pods',
    severity: 'advised',
    wanted: '1700 MiB on a control plane, 900 MiB on a worker',
    why:
      'an API server alone takes some hundred MiB, and what is left is what ' +
      'pods can have',
    remedy: 'give the machine more memory, or expect evicted pods',
    look: 'free -m',
    source: kubeadm,
    probe: memory,
    judge: (printed, { machine }) =>
      enoughMemory(printed, machine.roles, { controlPlane: 1700, worker: 900 }),
  },
  {
    id: 'disk',
    title: 'The disk has room for binaries, images and etcd',
    severity: 'blocks',
    wanted: '2 GiB and 20000 inodes free in /var/lib',
    why:
      'the binaries take about 700 MB and the first images as much again; ' +
      'etcd stops accepting writes on a full disk',
    remedy: 'make room, or mount a larger disk on /var/lib',
    look: 'df -h /var/lib; df -i /var/lib',
    source: `${kubernetes}/concepts/scheduling-eviction/node-pressure-eviction/`,
    probe: disk,
    judge(printed, { member }) {
      const { free, freeInodes, inodes } = readDisk(printed)
      const found = `${gibibytes(free)} and ${freeInodes} inodes free`
      // btrfs makes inodes as it goes, and says that it has 0.
      if (free >= 2 * GiB && (inodes === 0 || freeInodes >= 20_000)) {
        return fine(found)
      }
      // A machine of ours holds all of this already.
      return member ? unfit(found, { severity: 'advised' }) : unfit(found)
    },
  },
  {
    id: 'disk-pressure',
    title: 'The disk is not so full that the kubelet clears it',
    severity: 'advised',
    wanted: '15 % of the space and 5 % of the inodes free in /var/lib',
    why:
      'the kubelet counts in percent, however large the disk is: with less ' +
      'space it removes images that no pod uses; with 5 % of space or inodes ' +
      'left it evicts pods and takes no new ones',
    remedy:
      'make room, or override evictionHard of the kubelet in cluster.yaml',
    look: 'df -h /var/lib; df -i /var/lib',
    source: `${kubernetes}/concepts/scheduling-eviction/node-pressure-eviction/#hard-eviction-thresholds`,
    probe: disk,
    judge(printed) {
      const { free, size, freeInodes, inodes } = readDisk(printed)
      const space = free / size
      const nodes = inodes === 0 ? 1 : freeInodes / inodes
      const percent = (share: number) => `${Math.floor(share * 100)} %`
      const found = `${percent(space)} of space, ${percent(nodes)} of inodes`
      return space >= 0.15 && nodes >= 0.05 ? fine(found) : unfit(found)
    },
  },
  {
    id: 'mount-options',
    title: 'Programs can be run from where they are put',
    severity: 'blocks',
    wanted: 'rw, without noexec and nodev, for /usr/local and /var/lib',
    why:
      'binaries go to /usr/local/bin, and the files of containers, their ' +
      'programs and devices to /var/lib/containerd',
    remedy: 'mount -o remount,rw,exec,dev …, and change /etc/fstab',
    look: 'findmnt -no OPTIONS -T /usr/local; findmnt -no OPTIONS -T /var/lib',
    source: `${kubernetes}/setup/production-environment/container-runtimes/`,
    probe: {
      id: 'mount-options',
      script: sh`
        for folder in /usr/local /var/lib; do
          echo "$folder=$(findmnt -nro OPTIONS -T "$folder" | tail -n 1)"
        done`,
    },
    judge(printed) {
      const found = settings(printed)
      const wrong = Object.entries(found).flatMap(([folder, text]) => {
        const forbidden = folder === '/var/lib' ? ['nodev'] : []
        return text
          .split(',')
          .filter((option) => ['ro', 'noexec', ...forbidden].includes(option))
          .map((option) => `${folder} is ${option}`)
      })
      return wrong.length === 0 ? fine('rw, exec') : unfit(wrong.join(', '))
    },
  },
  {
    id: 'root-propagation',
    title: 'Mounts of the root file system reach containers',
    severity: 'advised',
    wanted: 'shared propagation of /',
    why:
      'pods that ask for mount propagation, storage drivers above all, do not ' +
      'start without; systemd sets it when a machine boots',
    remedy: 'mount --make-rshared /, at every start',
    look: 'findmnt -no PROPAGATION /',
    source: `${kubernetes}/concepts/storage/volumes/#mount-propagation`,
    probe: { id: 'root-propagation', script: sh`findmnt -nro PROPAGATION /` },
    judge(printed) {
      const found = lines(printed).at(-1) ?? 'unknown'
      return found.split(',').includes('shared') ? fine(found) : unfit(found)
    },
  },
  {
    id: 'swap',
    title: 'The machine does not swap',
    severity: 'advised',
    wanted: 'no swap',
    why:
      'swapped memory makes waiting times unpredictable, and what a Secret ' +
      'volume holds can reach the disk on kernels before 6.3',
    remedy:
      'nothing to do now, step 10 has the kubelet accept it; or swapoff -a, ' +
      'and take it out of /etc/fstab',
    look: 'swapon --show',
    source: `${kubernetes}/concepts/cluster-administration/swap-memory-management/`,
    probe: { id: 'swap', script: sh`tail -n +2 /proc/swaps` },
    judge(printed) {
      const areas = lines(printed).map((line) => line.split(/\s+/)[0])
      return areas.length === 0 ? fine('none') : unfit(areas.join(', '))
    },
  },
]

function enoughMemory(
  printed: string,
  roles: readonly string[],
  least: { controlPlane: number; worker: number },
) {
  const total = (Number(/\d+/.exec(printed)?.[0] ?? 0) * 1024) / MiB
  const found = `${Math.floor(total)} MiB`
  const wanted = roles.includes('control-plane')
    ? least.controlPlane
    : least.worker
  return total >= wanted ? fine(found) : unfit(found)
}

function readDisk(printed: string) {
  const found = settings(printed)
  const number = (name: string) => Number(found[name] ?? 0)
  return {
    size: number('block') * number('blocks'),
    free: number('block') * number('free'),
    inodes: number('inodes'),
    freeInodes: number('free-inodes'),
  }
}

function gibibytes(bytes: number): string {
  return `${(bytes / GiB).toFixed(1)} GiB`
}
