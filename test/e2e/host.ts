// What a lab could leave behind on the host, read from the kernel itself.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { execa } from 'execa'
import { currentSysctls } from '../../lab/host-settings.ts'
import { runningProcesses } from '../processes.ts'

/** Everything on this host that a lab or a cluster could leave behind. */
export async function hostTraces(names: readonly string[]) {
  const lines = async (command: string, ...args: string[]) => {
    const { stdout } = await execa(command, args, { reject: false })
    return stdout.split('\n').filter(Boolean)
  }
  const ours = (line: string) =>
    line.includes('kfs') ||
    line.includes('kubernetes-from-scratch') ||
    names.some((name) => line.includes(name))
  return {
    links: (await lines('ip', '-o', 'link')).map((l) => l.split(': ')[1]),
    namespaces: (await lines('ip', 'netns')).filter(ours),
    routes: await lines('ip', 'route'),
    tables: (await lines('nft', 'list', 'tables')).filter(ours),
    mounts: readFileSync('/proc/self/mounts', 'utf8').split('\n').filter(ours),
    processes: processes().filter((line) =>
      names.some((name) => belongsTo(name, line)),
    ),
    cgroups: cgroups().filter(ours),
    folders: [
      '/var/lib/kubernetes-from-scratch',
      '/run/kubernetes-from-scratch',
    ].filter((path) => existsSync(path)),
    forwarding: readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8').trim(),
    settings: currentSysctls(),
  }
}

function processes(): string[] {
  const all = runningProcesses()
  const parents = new Map(all.map(({ pid, parent }) => [pid, parent]))
  const own = new Set<number>()
  for (let pid = process.pid; pid !== 0; pid = parents.get(pid) ?? 0)
    own.add(pid)
  return all
    .filter(({ pid, words }) => words.length > 0 && !own.has(pid))
    .map(({ words }) => words.join(' ').trim())
}

// The lab's processes name its folder, its bridge or itself, connections the
// state.
function belongsTo(name: string, line: string): boolean {
  const folder = `kubernetes-from-scratch/(lab/)?${name}\\b`
  const supervisor = `--machine=.*${name}|-name ${name}/`
  return new RegExp(`${folder}|kfs-${name}\\b|${supervisor}`).test(line)
}

function cgroups(): string[] {
  const root = '/sys/fs/cgroup'
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => [
      `/${name}`,
      ...readdirSync(`${root}/${name}`, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => `/${name}/${entry.name}`),
    ])
}
