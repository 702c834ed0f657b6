import { sh } from '../shell.ts'
import {
  type Check,
  fine,
  lines,
  settings,
  unfit,
  type Verdict,
} from './check.ts'

const kubernetes = 'https://kubernetes.io/docs'

// Required by what this guide runs, after k8s.io/system-validators and the
// expressions that kube-proxy writes in nftables mode.
const everywhereRequired = [
  ...['NAMESPACES', 'NET_NS', 'PID_NS', 'IPC_NS', 'UTS_NS', 'PROC_FS'],
  ...['CGROUPS', 'CPUSETS', 'MEMCG', 'CGROUP_PIDS', 'CGROUP_SCHED'],
  ...['FAIR_GROUP_SCHED', 'SECCOMP', 'SECCOMP_FILTER', 'OVERLAY_FS'],
  ...['INET', 'BRIDGE', 'VETH', 'NETFILTER', 'NF_CONNTRACK', 'NF_NAT'],
  ...['NF_TABLES', 'NFT_CT', 'NFT_NAT', 'NFT_MASQ', 'NFT_REJECT'],
  ...['NFT_NUMGEN', 'NFT_FIB_IPV4'],
]
const requiredByCgroup = {
  1: ['CGROUP_CPUACCT', 'CGROUP_DEVICE', 'CGROUP_FREEZER'],
  2: ['CGROUP_BPF'],
}
const wished = [
  ...['BRIDGE_NETFILTER', 'CFS_BANDWIDTH', 'CGROUP_HUGETLB', 'NF_CT_NETLINK'],
  ...['USER_NS', 'VXLAN', 'EXT4_FS'],
]
const options = [
  ...everywhereRequired,
  ...requiredByCgroup[1],
  ...requiredByCgroup[2],
  ...wished,
]

/**
 * Parts of the kernel that may be modules, the option that builds them, and
 * a file that exists only where they work.
 */
const modules = [
  { name: 'overlay', option: 'OVERLAY_FS', proof: '/sys/module/overlay' },
  {
    name: 'br_netfilter',
    option: 'BRIDGE_NETFILTER',
    proof: '/proc/sys/net/bridge/bridge-nf-call-iptables',
  },
  {
    name: 'nf_conntrack',
    option: 'NF_CONNTRACK',
    proof: '/proc/sys/net/netfilter/nf_conntrack_max',
  },
  { name: 'nf_tables', option: 'NF_TABLES', proof: '/sys/module/nf_tables' },
]

const config = {
  id: 'kernel-options',
  // What is built in never shows in lsmod: its option, its place in
  // modules.builtin or something that works only with it tells.
  script: sh`
    release=$(uname -r)
    tree=/lib/modules/$release
    for file in /proc/config.gz "/boot/config-$release" "$tree/config"; do
      [ -r "$file" ] || continue
      echo readable="$file"
      zcat -f "$file" |
        grep -E ${`^CONFIG_(${[...new Set(options)].join('|')})=[ym]`}
      break
    done
    echo cgroup="$(stat -fc %T /sys/fs/cgroup)"
    [ ! -r "$tree/modules.builtin" ] || echo tree="$tree"
    grep -ohE ${`/(${modules.map(({ name }) => name).join('|')})\\.ko`} \
      "$tree/modules.builtin" | sed 's|/\(.*\)\.ko|there \1|'
    grep -ohE ${`/(${modules.map(({ name }) => name).join('|')})\\.ko[^ ]*:`} \
      "$tree/modules.dep" | sed 's|/\([^.]*\).*|loadable \1|'
    while read -r name proof; do
      [ -e "$proof" ] || [ -e "/sys/module/$name" ] && echo "there $name"
    done <<< ${modules.map(({ name, proof }) => `${name} ${proof}`).join('\n')}`,
}

const sysctls = {
  id: 'sysctls',
  script: sh`
    cd /proc/sys
    grep -H . net/ipv4/ip_forward net/bridge/bridge-nf-call-iptables \
      fs/inotify/max_user_instances fs/inotify/max_user_watches \
      fs/nr_open fs/file-max | sed s/:/=/`,
}

/** What the kernel can do: options, modules, cgroups, parameters. */
export const kernelChecks: readonly Check[] = [
  {
    id: 'kernel-options',
    title: 'The kernel is built with what containers and kube-proxy need',
    severity: 'blocks',
    wanted: [...everywhereRequired, ...requiredByCgroup[2]].join(', '),
    why:
      'without namespaces, cgroups, seccomp, overlayfs and nf_tables a ' +
      'container, or the rules of a Service, cannot be made',
    remedy: 'boot the standard kernel of the distribution',
    look: 'grep -wE "CONFIG_(NF_TABLES|MEMCG|SECCOMP)" /boot/config-*',
    source: 'https://github.com/kubernetes/system-validators',
    probe: config,
    judge(printed) {
      const found = settings(printed)
      if (!found.readable) {
        return unfit('unknown: neither /proc/config.gz nor /boot/config-*', {
          severity: 'advised',
          remedy: 'nothing to do if the kernel is that of a distribution',
        })
      }
      const cgroup = found.cgroup === 'cgroup2fs' ? 2 : 1
      const wanted = [...everywhereRequired, ...requiredByCgroup[cgroup]]
      const missing = wanted.filter((name) => !(`CONFIG_${name}` in found))
      return missing.length === 0
        ? fine(`all of them, says ${found.readable}`)
        : unfit(`missing: ${missing.join(', ')}`)
    },
  },
  {
    id: 'kernel-options-wished',
    title: 'The kernel is built with what later parts use',
    severity: 'advised',
    wanted: wished.join(', '),
    why:
      'CPU limits need CFS_BANDWIDTH, cleaning up UDP flows NF_CT_NETLINK, ' +
      'the overlay network VXLAN, pods with user namespaces USER_NS, volumes ' +
      'EXT4_FS',
    remedy: 'boot the standard kernel of the distribution, or do without',
    look: 'grep -wE "CONFIG_(VXLAN|USER_NS|CFS_BANDWIDTH)" /boot/config-*',
    source: 'https://github.com/kubernetes/system-validators',
    probe: config,
    judge(printed) {
      const found = settings(printed)
      const missing = wished.filter((name) => !(`CONFIG_${name}` in found))
      // That nothing can be read is what the check before this one says.
      if (!found.readable) return fine('unknown')
      return missing.length === 0
        ? fine('all of them')
        : unfit(`missing: ${missing.join(', ')}`)
    },
  },
  {
    id: 'modules',
    title: 'The modules are built in, loaded, or can be loaded',
    severity: 'prepared',
    wanted: modules.map(({ name }) => name).join(', '),
    why:
      'overlay holds the layers of images; nf_tables and nf_conntrack carry ' +
      'Services; without br_netfilter an answer between two pods of one ' +
      'machine bypasses the rules, and comes from an address nobody asked',
    remedy: 'step 02 loads them, now and at every start',
    look: `lsmod | grep -E '${modules.map(({ name }) => name).join('|')}'`,
    source: `${kubernetes}/setup/production-environment/container-runtimes/`,
    probe: config,
    judge(printed, { container }) {
      const states = moduleStates(printed)
      const inState = (state: ModuleState) =>
        modules.map(({ name }) => name).filter((name) => states[name] === state)
      const missing = inState('missing')
      const loadable = inState('loadable')
      const unknown = inState('unknown')
      const onHost = `modprobe ${[...missing, ...loadable].join(' ')}`
      if (missing.length > 0 || (container && loadable.length > 0)) {
        return unfit(
          `cannot be loaded here: ${[...missing, ...loadable].join(', ')}`,
          {
            severity: 'blocks',
            remedy: container
              ? `a container cannot load modules; on its host: ${onHost}`
              : 'boot the standard kernel of the distribution',
          },
        )
      }
      if (loadable.length > 0)
        return unfit(`not loaded: ${loadable.join(', ')}`)
      if (unknown.length === 0) return fine('all of them')
      return unfit(`cannot tell whether it is there: ${unknown.join(', ')}`, {
        severity: 'advised',
        remedy: 'go on; the step that uses it would fail and say so',
      })
    },
  },
  {
    id: 'cgroup-version',
    title: 'The machine uses cgroup v2',
    severity: 'advised',
    wanted: 'cgroup2fs on /sys/fs/cgroup',
    why:
      'cgroup v1 is on its way out: kubelets refuse it since 1.35 unless told ' +
      'otherwise, and memory is guarded less well',
    remedy:
      'nothing to do now, step 10 tells the kubelet to accept it; to move ' +
      'on, boot with systemd.unified_cgroup_hierarchy=1',
    look: 'stat -fc %T /sys/fs/cgroup',
    source: `${kubernetes}/concepts/architecture/cgroups/`,
    probe: { id: 'cgroup-version', script: sh`stat -fc %T /sys/fs/cgroup` },
    judge: (printed) =>
      printed.trim() === 'cgroup2fs'
        ? fine('cgroup v2')
        : unfit(`cgroup v1 (${printed.trim() || 'nothing'} on /sys/fs/cgroup)`),
  },
  {
    id: 'cgroup-controllers',
    title: 'The cgroup controllers are there and can be written',
    severity: 'blocks',
    wanted:
      'cpu, cpuset, memory, pids; with cgroup v1 cpuacct, devices, freezer',
    why: 'they hold pods to their limits, and the kubelet starts with all or none',
    remedy:
      'boot without cgroup_disable=; on a Raspberry Pi with cgroup_enable=memory; ' +
      'in a container, delegate the cgroup',
    look: 'cat /sys/fs/cgroup/cgroup.controllers',
    source: `${kubernetes}/concepts/architecture/cgroups/`,
    probe: {
      id: 'cgroup-controllers',
      script: sh`
        cd /sys/fs/cgroup
        if [ -e cgroup.controllers ]; then
          echo version=2
          tr ' ' '\n' < cgroup.controllers
          [ -w . ] || echo read-only=/sys/fs/cgroup
        else
          echo version=1
          cut -d: -f2 /proc/self/cgroup | tr , '\n'
          for name in memory pids cpu; do
            [ -w "$name" ] || echo "read-only=/sys/fs/cgroup/$name"
          done
        fi`,
    },
    judge(printed) {
      const found = lines(printed)
      const required = found.includes('version=2')
        ? ['cpu', 'cpuset', 'memory', 'pids']
        : ['cpu', 'cpuacct', 'cpuset', 'devices', 'freezer', 'memory', 'pids']
      const missing = required.filter((name) => !found.includes(name))
      const sealed = found
        .filter((line) => line.startsWith('read-only='))
        .map((line) => `read-only: ${line.slice('read-only='.length)}`)
      const wrong = [...missing.map((name) => `missing: ${name}`), ...sealed]
      return wrong.length === 0
        ? fine(required.join(', '))
        : unfit(wrong.join(', '))
    },
  },
  {
    id: 'oom-scores',
    title: 'root may lower the OOM score of a process',
    severity: 'advised',
    wanted: 'CAP_SYS_RESOURCE',
    why:
      'when memory runs out the kernel ends processes by their score, and the ' +
      'container runtime gives system pods a low one',
    remedy:
      'nothing to do now, step 09 has containerd do without; in a container, ' +
      'grant it CAP_SYS_RESOURCE',
    look: "sh -c 'echo -500 > /proc/self/oom_score_adj && echo yes'",
    source: `${kubernetes}/concepts/scheduling-eviction/node-pressure-eviction/#node-out-of-memory-behavior`,
    probe: {
      id: 'oom-scores',
      // Raising its own score is always allowed, lowering it again is not.
      script: sh`
        ( echo 500 > /proc/self/oom_score_adj
          echo -500 > /proc/self/oom_score_adj ) && echo yes`,
    },
    judge: (printed) =>
      printed.trim() === 'yes' ? fine('yes') : unfit('not permitted'),
  },
  {
    id: 'kernel-log',
    title: 'The kernel log can be read',
    severity: 'blocks',
    wanted: '/dev/kmsg',
    why: 'the kubelet watches it for processes ended for want of memory',
    remedy:
      'in a container, give it /dev/kmsg, or a link from there to /dev/null, ' +
      'or such events are not reported',
    look: 'ls -lL /dev/kmsg',
    source: `${kubernetes}/concepts/scheduling-eviction/node-pressure-eviction/`,
    probe: { id: 'kernel-log', script: sh`stat -Lc %t:%T /dev/kmsg` },
    judge(printed) {
      const device = printed.trim()
      if (device === '1:b') return fine('/dev/kmsg')
      if (device === '') return unfit('no /dev/kmsg')
      return unfit('/dev/kmsg is not the log of the kernel', {
        severity: 'advised',
      })
    },
  },
  {
    id: 'ip-forwarding',
    title: 'The machine forwards packets',
    severity: 'prepared',
    wanted: 'net.ipv4.ip_forward=1',
    why: 'a packet from or to a pod passes through its machine',
    remedy: 'step 02 sets it, now and at every start',
    look: 'sysctl net.ipv4.ip_forward',
    source: `${kubernetes}/setup/production-environment/container-runtimes/#prerequisite-ipv4-forwarding-optional`,
    probe: sysctls,
    judge: (printed) => parameter(printed, 'net/ipv4/ip_forward', 1),
  },
  {
    id: 'bridge-filter',
    title: 'Packets between pods of one machine pass the rules of Services',
    severity: 'prepared',
    wanted: 'net.bridge.bridge-nf-call-iptables=1',
    why:
      'a Service answers from its own address only if the rules see both ' +
      'directions, also where both pods sit on the same bridge',
    remedy: 'step 02 loads br_netfilter and sets it, now and at every start',
    look: 'sysctl net.bridge.bridge-nf-call-iptables',
    source: `${kubernetes}/concepts/extend-kubernetes/compute-storage-net/network-plugins/#network-plugin-requirements`,
    probe: sysctls,
    judge: (printed) =>
      parameter(printed, 'net/bridge/bridge-nf-call-iptables', 1),
  },
  {
    id: 'inotify',
    title: 'Enough files can be watched for changes',
    severity: 'prepared',
    wanted:
      'fs.inotify.max_user_instances ≥ 8192, fs.inotify.max_user_watches ≥ 524288',
    why:
      'the runtime watches each container, and much of what runs in pods ' +
      'watches its configuration; the usual 128 are used up by some dozens',
    remedy: 'step 02 sets it, now and at every start',
    look: 'sysctl fs.inotify',
    source:
      'https://kind.sigs.k8s.io/docs/user/known-issues/#pod-errors-due-to-too-many-open-files',
    probe: sysctls,
    judge(printed, { container }) {
      const verdicts = [
        parameter(printed, 'fs/inotify/max_user_instances', 8192),
        parameter(printed, 'fs/inotify/max_user_watches', 524288),
      ]
      const found = verdicts.map((verdict) => verdict.found).join(', ')
      if (verdicts.every((verdict) => verdict.fine)) return fine(found)
      if (!container) return unfit(found)
      return unfit(found, {
        severity: 'advised',
        remedy: 'a container cannot set it; set it on its host with sysctl -w',
      })
    },
  },
  {
    id: 'file-limits',
    title: 'Enough files can be open at once',
    severity: 'advised',
    wanted: 'fs.nr_open ≥ 1048576, fs.file-max ≥ 1048576',
    why:
      'the unit of containerd asks for as many as there may be, which its ' +
      'pods inherit; those of etcd, the API server and the balancer ask for ' +
      '65536, and one that asks for more than fs.nr_open does not start',
    remedy: 'sysctl -w fs.nr_open=1048576 fs.file-max=1048576',
    look: 'sysctl fs.nr_open fs.file-max',
    source: 'https://docs.kernel.org/admin-guide/sysctl/fs.html',
    probe: sysctls,
    judge(printed) {
      const verdicts = ['fs/nr_open', 'fs/file-max'].map((name) =>
        parameter(printed, name, 1_048_576),
      )
      const found = verdicts.map((verdict) => verdict.found).join(', ')
      return verdicts.every((verdict) => verdict.fine)
        ? fine(found)
        : unfit(found)
    },
  },
]

type ModuleState = 'there' | 'loadable' | 'missing' | 'unknown'

function moduleStates(printed: string): Record<string, ModuleState> {
  const found = new Set(lines(printed))
  const { readable, tree } = settings(printed)
  const stateOf = (name: string, option: string): ModuleState => {
    if (found.has(`there ${name}`)) return 'there'
    if (found.has(`CONFIG_${option}=y`)) return 'there'
    if (found.has(`loadable ${name}`)) return 'loadable'
    return readable || tree ? 'missing' : 'unknown'
  }
  return Object.fromEntries(
    modules.map(({ name, option }) => [name, stateOf(name, option)]),
  )
}

function parameter(printed: string, path: string, least: number): Verdict {
  const value = settings(printed)[path]
  const name = path.replaceAll('/', '.')
  if (!value) return unfit(`${name} is not there`)
  const found = `${name}=${value}`
  // file-max may be larger than a number can say exactly; that is enough.
  return Number(value) >= least ? fine(found) : unfit(found)
}
