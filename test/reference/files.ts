import { parse } from 'yaml'
import { componentOf } from '../../lib/artifacts/catalogue.ts'
import { describe } from '../../lib/pki.ts'
import { type BuiltCluster, type BuiltMachine, whereIs } from './cluster.ts'

/** A file, folder or link that a step puts on machines. */
export interface FileEntry {
  path: string
  kind: 'file' | 'folder' | 'link'
  what: string
  step: string
  mode: string
  owner: string
  /** Machines that have it. */
  on: string
  /** Kind of machines that alone have it. */
  only?: string
  /** Holds a private key or another secret. */
  secret?: true
  /** Removed by the step that wrote it. */
  temporary?: true
}

/** A file of the state folder, on the computer that runs the steps. */
export interface StateEntry {
  path: string
  what: string
  step: string
  secret?: true
}

/** A user that a step, or a package that it installs, has on machines. */
export interface UserEntry {
  name: string
  on: string
  /** Units that run as this user. */
  runs: string[]
}

/** What the page on files is made from. */
export interface FilesData {
  machines: FileEntry[]
  state: StateEntry[]
  users: UserEntry[]
}

/**
 * Every file and folder that steps leave on machines and in the state folder.
 *
 * @example
 * filesOf([virtual, containers]).machines[0]?.step // '02'
 */
export function filesOf(clusters: readonly BuiltCluster[]): FilesData {
  const all = clusters.map(entriesOf)
  const merged = new Map<string, FileEntry>()
  for (const [index, entries] of all.entries()) {
    for (const entry of entries) {
      const everywhere = all.every((other) =>
        other.some(({ path }) => path === entry.path),
      )
      const kind = clusters[index]?.virtual ? 'not in containers' : 'containers'
      if (merged.has(entry.path)) continue
      merged.set(entry.path, { ...entry, ...(!everywhere && { only: kind }) })
    }
  }
  const [cluster] = clusters
  if (!cluster) throw new Error('no cluster was built')
  const machines = [...merged.values()].sort((a, b) => compare(a.path, b.path))
  return { machines, state: stateOf(cluster), users: usersOf(cluster) }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}

function entriesOf(cluster: BuiltCluster): FileEntry[] {
  const entries = new Map<string, FileEntry>()
  const add = (entry: FileEntry) => {
    const { path } = entry
    if (!entries.has(path)) entries.set(path, entry)
  }
  for (const { number: step, changes, paths } of cluster.steps) {
    const texts = changes.filter(({ on }) => on !== 'API').map((it) => it.text)
    // What a program left by running is not in what the step did.
    const masks = cluster.machines.flatMap(({ masked }) => masked)
    const named = [...paths].filter(
      (path) => masks.includes(path) || isNamed(path, texts),
    )
    // This one is there before, and gets a block of ours.
    const changed = ['/etc/hosts'].filter((path) => isNamed(path, texts))
    for (const path of [...named, ...changed]) {
      const isThere = ({ files, folders, masked }: BuiltMachine) =>
        path in files || path in folders || masked.includes(path)
      const machine = cluster.machines.find(isThere)
      if (!machine) continue
      const on = path.startsWith(stamps)
        ? 'every machine'
        : whereIs(cluster, isThere)
      const file = machine.files[path]
      if (file) {
        const { secret, what } = describeFile(path, file.content, cluster)
        add({
          ...{ path: withName(path), kind: 'file', what, step },
          ...{ mode: file.mode.toString(8), owner: file.owner, on },
          ...(secret && { secret }),
        })
      } else if (machine.masked.includes(path)) {
        const what = 'to /dev/null: the unit of the package never starts'
        const link = { mode: '777', owner: 'root:root' } as const
        add({ path, kind: 'link', what, step, on, ...link })
      } else {
        const [mode = '', owner = ''] = (machine.folders[path] ?? '').split(' ')
        const made = { mode, owner, ...madeByScript(path, texts) }
        add({ path, kind: 'folder', what: folderOf(path), step, on, ...made })
      }
    }
    for (const text of texts) {
      const [, path, mode = '', owner = ''] =
        /^write (\S+) {2}(\d+) (\S+)/.exec(text) ?? []
      if (!path || entries.has(path)) continue
      const content = text.replace(/^.*\n/, '').replace(/^ {2}\| ?/gm, '')
      const isThere = cluster.machines.some(({ files }) => path in files)
      const { what, secret } = describeFile(path, content, cluster)
      add({
        ...{ path, kind: 'file', what, step, mode, owner },
        on: whereIs(cluster, (machine) =>
          changes.some((it) => it.on === machine.name && it.text === text),
        ),
        ...(secret && { secret }),
        ...(!isThere && { temporary: true as const, on: 'every machine' }),
      })
    }
  }
  return [...entries.values()]
}

// What a step does names a file; folders are those of its files.
function isNamed(path: string, texts: readonly string[]): boolean {
  if (path.startsWith(stamps)) return true
  return texts.some((text) => {
    const [, written] = /^(?:write|install) (\S+)/.exec(text) ?? []
    if (written) return written === path || written.startsWith(`${path}/`)
    return text.startsWith('$ ') && text.includes(path)
  })
}

const stamps = '/var/lib/kubernetes-from-scratch/installed/'

/** One row for the stamps of all programs. */
function withName(path: string): string {
  return path.startsWith(stamps) ? `${stamps}PROGRAM` : path
}

// The model takes the mode of such folders for granted.
function madeByScript(path: string, texts: readonly string[]) {
  const made = new RegExp(
    String.raw`install -d -m (\d+)(?: -o (\S+) -g (\S+))? ${path}(?:\n|$)`,
  )
  for (const text of texts) {
    const [, mode, user = 'root', group = user] = made.exec(text) ?? []
    if (mode) return { mode, owner: `${user}:${group}` }
  }
  return {}
}

/** What a folder is for. */
function folderOf(path: string): string {
  return folders[path] ?? ''
}

const folders: Record<string, string> = {
  '/var/lib/etcd': 'the database',
  '/var/lib/kubelet': 'volumes, state and identity of the kubelet',
  '/var/log/kubernetes': 'the audit log',
  '/var/lib/kubernetes-from-scratch/before':
    'what was on the machine before, for undo',
  '/var/lib/kubernetes-from-scratch/installed':
    'what was installed, and its sha256',
  '/opt/cni/bin': 'programs that give a pod its network',
}

const known: Record<string, string> = {
  '/etc/hosts': 'a marked block with the names of all machines',
  '/etc/kubernetes-from-scratch/cluster':
    'name and identity of the cluster that the machine belongs to',
  '/etc/modules-load.d/kubernetes-from-scratch.conf':
    'kernel modules, loaded at every start',
  '/etc/sysctl.d/99-zz-kubernetes-from-scratch.conf':
    'kernel parameters, set at every start',
  '/var/lib/kubernetes-from-scratch/before/modules':
    'modules that were not loaded before',
  '/var/lib/kubernetes-from-scratch/before/packages':
    'packages that were not installed before',
  '/var/lib/kubernetes-from-scratch/before/sysctls':
    'values that kernel parameters had before',
  '/var/lib/kubernetes-from-scratch/before/unmasked-haproxy.service':
    'mark: the unit was not masked before',
  '/etc/etcd/etcd.yaml': 'configuration of etcd',
  '/etc/kubernetes/api-balancer/haproxy.cfg': 'configuration of the balancer',
  '/etc/containerd/config.toml': 'configuration of containerd',
  '/etc/cni/net.d/10-pods.conflist':
    'plugins that containerd runs for each pod',
  '/etc/kubernetes/pod-network/routes': 'routes to the pods of other machines',
  '/etc/kubernetes/pod-network/masquerade.nft':
    'rule for what pods send outside',
}

/** Says what a file is, from what it holds. */
function describeFile(
  path: string,
  content: string,
  cluster: BuiltCluster,
): { what: string; secret?: true } {
  const secret = true as const
  if (known[path]) return { what: known[path] }
  if (path.startsWith(stamps)) {
    return { what: 'sha256, size and time of an installed program' }
  }
  if (/^\/(usr\/local|opt\/cni)\/bin\//.test(path)) {
    const name = path.replace(/.*\//, '')
    const component = componentOf(name)
    return { what: component === name ? 'program' : `program of ${component}` }
  }
  if (content.startsWith('-----BEGIN CERTIFICATE')) {
    return { what: `certificate of ${subjectOf(content, cluster)}` }
  }
  if (content.startsWith('-----BEGIN PUBLIC')) {
    return { what: 'checks service-account tokens' }
  }
  if (content.startsWith('-----BEGIN')) {
    const same = Object.entries(cluster.state).find(([, it]) => it === content)
    const certificate = cluster.state[same?.[0].replace(/key$/, 'crt') ?? '']
    if (!certificate) return { what: 'signs service-account tokens', secret }
    return { what: `private key of ${subjectOf(certificate, cluster)}`, secret }
  }
  const [, description] = /^Description=(.*)$/m.exec(content) ?? []
  if (description) return { what: `unit: ${description}` }
  if (path.endsWith('.conflist')) return { what: 'configuration' }
  const { apiVersion, kind, users } = parse(content) ?? {}
  if (kind === 'Config') {
    const [{ name = '' } = {}] = users ?? []
    return { what: `kubeconfig of ${name}`, secret }
  }
  const what = `${kind}, ${apiVersion}`
  if (kind === 'EncryptionConfiguration') return { what, secret }
  if (kind) return { what }
  throw new Error(`${path}: say in ${import.meta.filename} what it is`)
}

function subjectOf(certificate: string, cluster: BuiltCluster): string {
  const { commonName, isAuthority } = describe(certificate)
  return isAuthority
    ? `the authority ${commonName}`
    : generic(commonName, cluster)
}

/** With NAME in the place of the name of a machine. */
export function generic(text: string, { machines }: BuiltCluster): string {
  return machines.reduce((now, { name }) => now.replaceAll(name, 'NAME'), text)
}

function stateOf(cluster: BuiltCluster): StateEntry[] {
  const entries = new Map<string, StateEntry>()
  for (const { number: step, state } of cluster.steps) {
    for (const path of state) {
      const content = cluster.state[path]
      if (content === undefined) continue
      const { what, secret } = stateFile(path, content, cluster)
      const one = generic(path, cluster)
      entries.set(one, { path: one, what, step, ...(secret && { secret }) })
    }
  }
  return [...entries.values()].sort((a, b) => compare(a.path, b.path))
}

function stateFile(path: string, content: string, cluster: BuiltCluster) {
  const bookkeeping: Record<string, string> = {
    identity: 'name and identity of the cluster, random',
    'steps.json': 'which steps have run, on which machines',
    lock: 'kept while a step runs',
  }
  const what = bookkeeping[path]
  return what ? { what } : describeFile(path, content, cluster)
}

function usersOf(cluster: BuiltCluster): UserEntry[] {
  const names = new Set(cluster.machines.flatMap(({ users }) => users))
  const [machine] = cluster.machines
  const units = Object.entries(machine?.files ?? {}).flatMap(
    ([path, { content }]) => {
      const [, unit] = /([\w-]+)\.service$/.exec(path) ?? []
      const [, user = 'root'] = /^User=(.*)$/m.exec(content) ?? []
      return unit && content.includes('[Service]') ? [{ unit, user }] : []
    },
  )
  return [...names].map((name) => ({
    name,
    on: whereIs(cluster, ({ users }) => users.includes(name)),
    runs: units.filter(({ user }) => user === name).map(({ unit }) => unit),
  }))
}
