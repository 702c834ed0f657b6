import { sh } from '../shell.ts'
import { type Check, fine, lines, settings, unfit } from './check.ts'
import { nodePackages, packageTable } from './packages.ts'

const kubernetes = 'https://kubernetes.io/docs'

const none = { id: 'none', script: sh`true` }

const uname = { id: 'uname', script: sh`uname -m; uname -r` }

/** Distributions that every release of this guide is run on. */
const tested = [{ id: 'debian', version: '12' }]

/** The oldest kernel whose nf_tables can do what kube-proxy needs. */
const oldestKernel = '5.13'

/** What the machine is: distribution, architecture, init, tools. */
export const systemChecks: readonly Check[] = [
  {
    id: 'os',
    title: 'The distribution is one that this guide is tested on',
    severity: 'advised',
    wanted: 'Debian 12',
    why:
      'packages and paths differ between distributions; on others of the ' +
      'Debian and Fedora families they are known, but not tried by every build',
    remedy: 'go on, and look at what later steps report; or use Debian 12',
    look: 'cat /etc/os-release',
    source: `${kubernetes}/setup/production-environment/tools/kubeadm/install-kubeadm/#before-you-begin`,
    probe: none,
    judge: (_, { os }) =>
      tested.some(({ id, version }) => os.id === id && os.version === version)
        ? fine(os.name)
        : unfit(os.name || 'no /etc/os-release'),
  },
  {
    id: 'architecture',
    title: 'The processor is one that Kubernetes is released for',
    severity: 'blocks',
    wanted: 'x86_64 or aarch64',
    why: 'every component is a binary of the official releases',
    remedy: 'use a machine of one of these architectures',
    look: 'uname -m',
    source: 'https://kubernetes.io/releases/download/#binaries',
    probe: uname,
    judge(printed) {
      const [machine = 'nothing'] = lines(printed)
      return /^(x86_64|aarch64)$/.test(machine) ? fine(machine) : unfit(machine)
    },
  },
  {
    id: 'kernel',
    title: 'The kernel is new enough for kube-proxy in nftables mode',
    severity: 'blocks',
    wanted: `${oldestKernel} or later`,
    why: 'kube-proxy refuses to start its nftables mode on an older one',
    remedy: 'upgrade the distribution: Debian 12 has 6.1, RHEL 9 has 5.14',
    look: 'uname -r',
    source: `${kubernetes}/reference/node/kernel-version-requirements/`,
    probe: uname,
    judge(printed) {
      const [, release = 'nothing'] = lines(printed)
      const [major = 0, minor = 0] = release.split('.').map(Number.parseFloat)
      const [oldMajor = 0, oldMinor = 0] = oldestKernel.split('.').map(Number)
      const newEnough =
        major > oldMajor || (major === oldMajor && minor >= oldMinor)
      return newEnough ? fine(release) : unfit(release)
    },
  },
  {
    id: 'init',
    title: 'systemd runs the machine',
    severity: 'blocks',
    wanted: 'systemd as process 1',
    why:
      'every component is a systemd service, and the kubelet and containerd ' +
      'leave the making of cgroups to systemd',
    remedy: 'use a distribution with systemd; in a container, boot its init',
    look: 'cat /proc/1/comm',
    source: `${kubernetes}/setup/production-environment/container-runtimes/#systemd-cgroup-driver`,
    probe: {
      id: 'init',
      script: sh`
        [ -d /run/systemd/system ] && systemctl --version | head -n 1 ||
          cat /proc/1/comm`,
    },
    judge: (printed) =>
      printed.startsWith('systemd ')
        ? fine(printed.trim())
        : unfit(printed.trim() || 'another init'),
  },
  {
    id: 'packages',
    title: 'The tools that the cluster and the steps run are installed',
    severity: 'prepared',
    wanted: nodePackages.debian.join(', '),
    why: 'see the table of packages, which says what each is for',
    remedy: 'step 02 installs them with apt or dnf',
    look: `dpkg-query -W ${nodePackages.debian.join(' ')}`,
    source: `${kubernetes}/reference/networking/virtual-ips/#proxy-mode-nftables`,
    probe: {
      id: 'packages',
      script: sh`
        if command -v dpkg-query >/dev/null; then
          dpkg-query -W -f ${'${db:Status-Status} ${Package}\n'} \
            ${nodePackages.debian}
        elif command -v rpm >/dev/null; then
          rpm -q --qf 'installed %{NAME}\n' ${nodePackages.fedora}
        else
          for brought in ${packageTable.map(({ brings }) => brings)}; do
            for one in $(echo "$brought" | tr '|' ' '); do
              if command -v "$one" >/dev/null || [ -f "$one" ]; then
                echo "installed $brought"
              fi
            done
          done
        fi`,
    },
    judge(printed, { family }) {
      const there = new Set(
        lines(printed)
          .filter((line) => line.startsWith('installed '))
          .map((line) => line.slice('installed '.length)),
      )
      const wanted = family
        ? nodePackages[family]
        : packageTable.map(({ brings }) => brings)
      const missing = wanted.filter((name) => !there.has(name))
      if (missing.length === 0) return fine('all of them')
      const found = `missing: ${missing.join(', ')}`
      if (family) return unfit(found)
      return unfit(found, {
        severity: 'blocks',
        remedy:
          'this distribution has neither apt nor dnf: install what has these ' +
          'yourself',
      })
    },
  },
  {
    id: 'time-sync',
    title: 'Something keeps the clock right',
    severity: 'advised',
    wanted: 'an active time service',
    why:
      'certificates and leases are valid from one time to another: a clock ' +
      'that drifts makes them expire early, or not yet begin',
    remedy: 'install chrony, or enable systemd-timesyncd',
    look: 'timedatectl; systemctl status systemd-timesyncd chrony',
    source: 'https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.5',
    probe: {
      id: 'time-sync',
      script: sh`
        systemctl list-units --plain --no-legend --state=active chronyd.service \
          chrony.service systemd-timesyncd.service ntpd.service ntp.service \
          ntpsec.service openntpd.service`,
    },
    judge(printed, { container }) {
      const [service] = lines(printed)
      if (service) return fine(service.split('.service')[0] ?? service)
      return container
        ? fine('the clock of the host, which containers share')
        : unfit('none of chrony, systemd-timesyncd, ntpd, ntpsec, openntpd')
    },
  },
  {
    id: 'hostname',
    title: 'The machine calls itself what cluster.yaml calls it',
    severity: 'advised',
    wanted: 'the name of the machine in cluster.yaml',
    why:
      'the node takes the name of cluster.yaml in any case; logs and prompts ' +
      'of the machine are easier to follow when they show the same one',
    remedy: 'hostnamectl set-hostname NAME, on the machine',
    look: 'hostname',
    source: `${kubernetes}/concepts/architecture/nodes/#node-name-uniqueness`,
    probe: { id: 'hostname', script: sh`cat /proc/sys/kernel/hostname` },
    judge(printed, { machine }) {
      const hostname = printed.trim()
      const [short = ''] = hostname.split('.')
      return [hostname, short].includes(machine.name)
        ? fine(hostname)
        : unfit(hostname || 'nothing')
    },
  },
  {
    id: 'selinux',
    title: 'SELinux does not enforce',
    severity: 'advised',
    wanted: 'disabled or permissive',
    why:
      'containerd is set up without SELinux labels here, and nobody has tried ' +
      'every step under an enforcing policy',
    remedy: 'setenforce 0 while you look at denials with ausearch -m avc',
    look: 'cat /sys/fs/selinux/enforce',
    source: `${kubernetes}/concepts/security/linux-kernel-security-constraints/`,
    probe: { id: 'selinux', script: sh`cat /sys/fs/selinux/enforce` },
    judge: (printed) =>
      printed.trim() === '1' ? unfit('enforcing') : fine('not enforcing'),
  },
  {
    id: 'leftovers',
    title: 'No other Kubernetes or container runtime lives on the machine',
    severity: 'blocks',
    wanted: 'none',
    why:
      'it would hold the same ports, sockets, rules and units, and removing ' +
      'ours would remove parts of it',
    remedy:
      'undo the other one first (kubeadm reset, k3s-uninstall.sh, k0s reset, ' +
      'apt-get remove …), then remove the files that are named here',
    look:
      'ls /etc/kubernetes /etc/cni/net.d /var/lib/kubelet /var/lib/etcd; ' +
      'systemctl status kubelet containerd docker haproxy',
    source: `${kubernetes}/reference/setup-tools/kubeadm/kubeadm-reset/`,
    probe: {
      id: 'leftovers',
      script: sh`
        ls -d /etc/kubernetes/manifests/* /etc/kubernetes/*.conf \
          /var/lib/etcd/member /var/lib/kubelet/pki/* /etc/cni/net.d/* \
          /var/lib/rancher /var/lib/k0s /var/snap/microk8s | sed s/^/file=/
        systemctl show -p Id -p LoadState -p ActiveState -p FragmentPath \
          kubelet containerd crio docker etcd haproxy k3s k3s-agent \
          rke2-server rke2-agent k0scontroller k0sworker \
          snap.microk8s.daemon-kubelite`,
    },
    judge(printed, { member }) {
      const units = printed
        .split('\n\n')
        .map(settings)
        .filter(({ LoadState }) => LoadState === 'loaded')
        .filter((unit) => isForeign(unit, member))
        .map((unit) => `${unit.Id} (${unit.ActiveState})`)
      const files = lines(printed)
        .filter((line) => line.startsWith('file='))
        .map((line) => line.slice('file='.length))
      const found = [...units, ...(member ? [] : files)]
      if (found.length === 0) return fine('none')
      const haproxyAlone = found.join().startsWith('haproxy.service')
      return unfit(
        found.join(', '),
        haproxyAlone && found.length === 1
          ? { remedy: 'systemctl disable --now haproxy; step 08 runs its own' }
          : {},
      )
    },
  },
]

// Our units stand in /etc/systemd/system, and only on machines of ours. One
// that a package brought would be overridden by ours, and its users with it.
function isForeign(unit: Record<string, string>, member: boolean): boolean {
  const { Id = '', ActiveState, FragmentPath = '' } = unit
  if (Id === 'haproxy.service') return ActiveState === 'active'
  return !member || !FragmentPath.startsWith('/etc/systemd/system/')
}
