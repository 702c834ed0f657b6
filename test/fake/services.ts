import { commandOf } from './unit.ts'
import {
  exists,
  type FakeMachine,
  makeFolder,
  type World,
  writeFile,
} from './world.ts'

/**
 * As the script of lib/service.ts prints it: what systemd knows of the unit
 * file, and whether the service is stopped, stale or current.
 */
export function stateOf(
  machine: FakeMachine,
  name: string,
  reads: readonly string[],
): string {
  const unit = machine.units[name]
  const file = machine.files[unitFile(name)]
  if (!file) return 'not-found no\nstopped'
  const outdated = isOutdated(machine, name)
  const known = `loaded ${outdated ? 'yes' : 'no'}`
  if (!unit?.active) return `${known}\nstopped`
  if (outdated) return `${known}\nstale`
  const isNewer = Object.entries(machine.files).some(
    ([path, { time }]) =>
      time > unit.started &&
      reads.some((read) => path === read || path.startsWith(`${read}/`)),
  )
  return `${known}\n${isNewer ? 'stale' : 'current'}`
}

const unitFile = (name: string) => `/etc/systemd/system/${name}.service`

function isOutdated({ units, files }: FakeMachine, name: string): boolean {
  const unit = units[name]
  return unit ? (files[unitFile(name)]?.time ?? 0) > unit.loaded : false
}

/**
 * Enables the unit and starts its process anew.
 *
 * @param reload has systemd read unit files again that it has read before
 */
export function start(
  world: World,
  machine: FakeMachine,
  name: string,
  reload: boolean,
): void {
  const path = unitFile(name)
  const file = machine.files[path]
  if (!file) throw new Error(`${machine.name}: there is no ${path}`)
  if (!reload && isOutdated(machine, name)) {
    throw new Error(`${machine.name}: systemd knows ${name} by an older file`)
  }
  world.change((time) => {
    const { active = false, started = 0 } = machine.units[name] ?? {}
    machine.units[name] = { enabled: true, active, started, loaded: time }
  })
  const { program, user, paths } = commandOf(file.content)
  requireUser(machine, user)
  for (const needed of [program, ...paths]) requireFile(machine, needed)
  world.change((time) => {
    const unit = machine.units[name]
    if (unit) Object.assign(unit, { active: true, started: time })
    leaveTraces(machine, name, time)
  })
}

/** Stops the process of a unit, and disables it. */
export function stop({ units }: FakeMachine, name: string): void {
  const unit = units[name]
  if (unit) Object.assign(unit, { active: false, enabled: false })
}

// What a service leaves on its machine by running there.
function leaveTraces(machine: FakeMachine, name: string, time: number): void {
  const file = (path: string, content = '') =>
    writeFile(machine, path, {
      ...{ content, mode: 0o600, owner: 'root:root', time },
    })
  const kernel = (part: string) => {
    if (!machine.kernel.includes(part)) machine.kernel.push(part)
  }
  if (name === 'etcd') file('/var/lib/etcd/member/wal')
  if (name === 'kube-apiserver') file('/var/log/kubernetes/audit.log')
  if (name === 'containerd') {
    for (const part of ['bin', 'lib']) {
      makeFolder(machine, `/opt/containerd/${part}`)
    }
    file('/run/containerd/containerd.sock')
    file('/var/lib/containerd/meta.db')
  }
  if (name === 'kubelet') {
    file('/var/log/pods/README')
    const plugins = '/usr/libexec/kubernetes/kubelet-plugins'
    makeFolder(machine, `${plugins}/volume/exec`)
  }
  if (name === 'kube-proxy') {
    kernel('table ip kube-proxy')
    kernel('table ip6 kube-proxy')
  }
  if (name === 'pod-network') {
    kernel('routes')
    kernel('table ip pod-network')
    // Made for the first pod.
    kernel('cni0')
    kernel('table ip cni_hostport')
    kernel('pods')
  }
}

/** Takes something out of the kernel. */
export function forget(machine: FakeMachine, part: string): void {
  machine.kernel = machine.kernel.filter((other) => other !== part)
}

export function requireUser({ name, users }: FakeMachine, user: string): void {
  if (!users.includes(user))
    throw new Error(`${name}: there is no user ${user}`)
}

export function requireFile(machine: FakeMachine, path: string): void {
  if (exists(machine, path)) return
  throw new Error(`${machine.name}: there is no ${path}`)
}

export function requireActive(machine: FakeMachine, unit: string): void {
  if (machine.units[unit]?.active) return
  throw new Error(`${machine.name}: ${unit} does not run`)
}
