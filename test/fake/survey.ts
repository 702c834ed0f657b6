import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FakeMachine } from './world.ts'

// What the script of the node spec printed on a container machine of the lab
// that had just started.
const recorded = readFileSync(join(import.meta.dirname, 'survey.txt'), 'utf8')

/** What the script of the node spec prints on a fake machine. */
export function survey(machine: FakeMachine): string {
  const { name, address, files, packages, sysctls, container } = machine
  const member = files['/etc/kubernetes-from-scratch/cluster']?.content ?? ''
  const changed: Record<string, (old: string) => string> = {
    machine: (old) =>
      old
        .replace('member=', `member=${member.trim()}`)
        .replace('systemd-nspawn', container ? 'systemd-nspawn' : 'none'),
    packages: () => packages.map((it) => `installed ${it}`).join('\n'),
    hostname: () => name,
    leftovers: (old) => leftovers(machine, old),
    sysctls: (old) =>
      old.replace(/^([\w/-]+)=.*$/gm, (line, path: string) => {
        const value = sysctls[path.replaceAll('/', '.')]
        return value === undefined ? line : `${path}=${value}`
      }),
    interfaces: (old) => old.replace(/10\.64\.0\.11/g, address),
    'machine-names': () => files['/etc/hosts']?.content ?? '',
    resolver: () => files['/etc/resolv.conf']?.content ?? '',
    ...(!container && {
      'kernel-options': (old: string) =>
        old
          .replace('BRIDGE_NETFILTER=y', 'BRIDGE_NETFILTER=m')
          .replace('cgroup=tmpfs', 'cgroup=cgroup2fs')
          .replace(
            'there br_netfilter',
            machine.modules.includes('br_netfilter')
              ? 'there br_netfilter'
              : 'loadable br_netfilter',
          ),
      'cgroup-version': () => 'cgroup2fs',
      'cgroup-controllers': () => 'version=2\ncpu\ncpuset\nmemory\npids',
      'oom-scores': () => 'yes',
      'kernel-log': () => '1:b',
      'time-sync': () => 'systemd-timesyncd.service loaded active running',
    }),
  }
  return `\n${recorded}`.replace(
    /\n## ([\w-]+)\n([\s\S]*?)(?=\n## |$)/g,
    (_, id: string, old: string) => {
      const now = changed[id]?.(old) ?? old
      return `\n## ${id}\n${now}\n`
    },
  )
}

function leftovers({ files, units }: FakeMachine, old: string): string {
  const folders = ['/var/lib/etcd/member', '/var/lib/kubelet/pki/']
  const found = Object.keys(files).filter((path) =>
    [...folders, '/etc/cni/net.d/'].some((folder) => path.startsWith(folder)),
  )
  const text = old.replace(
    /Id=([\w.-]+)\.service\nLoadState=.*\nActiveState=.*\nFragmentPath=.*/g,
    (block, id: string) => {
      const unit = units[id]
      if (!unit) return block
      const state = unit.active ? 'active' : 'inactive'
      const path = `/etc/systemd/system/${id}.service`
      return [
        `Id=${id}.service\nLoadState=loaded\nActiveState=${state}`,
        `FragmentPath=${path}`,
      ].join('\n')
    },
  )
  return [...found.map((path) => `file=${path}`), text].join('\n')
}
