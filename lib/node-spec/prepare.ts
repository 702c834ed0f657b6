import { stampFolder } from '../install.ts'
import type { Machine } from '../machine.ts'
import { type Script, sh } from '../shell.ts'
import { hostsBlock, hostsRange } from './hosts-file.ts'
import {
  findMissingPackages,
  installPackages,
  removePackages,
} from './package-scripts.ts'

// What was on the machine before us. Each file is written once, before what
// it tells of is changed; putting things back removes it.
const ours = '/var/lib/kubernetes-from-scratch'
const before = `${ours}/before`
const record = {
  packages: `${before}/packages`,
  modules: `${before}/modules`,
  sysctls: `${before}/sysctls`,
  masked: (unit: string) => `${before}/unmasked-${unit}`,
}
const recording = sh`install -d -m 700 ${before}`

/**
 * Has the packages of the node spec, and remembers which of them, and of what
 * they depend on, were not there.
 *
 * @example
 * await on(cluster.machines, (machine) => spec.ensurePackages(machine))
 */
export async function ensurePackages(machine: Machine): Promise<void> {
  machine.journal.looked++
  const found = await machine.read`${findMissingPackages()}`
  const [family, ...missing] = found.split('\n')
  if (missing.length === 0) return
  const install = installPackages(
    family === 'fedora' ? 'fedora' : 'debian',
    missing,
    record.packages,
  )
  const title = `packages ${missing.join(' ')}`
  await machine.ensure(title, sh`false`, joined(recording, install))
}

/**
 * Removes the packages that {@link ensurePackages} brought.
 *
 * @example
 * undo(cluster.machines, (machine) => spec.restorePackages(machine))
 */
export function restorePackages(machine: Machine): Promise<boolean> {
  const { packages } = record
  return machine.ensure(
    'packages as before',
    sh`[ ! -e ${packages} ]`,
    removePackages(packages),
  )
}

/**
 * Masks a unit, so that nothing starts it: not the package that brings it,
 * not a dependency, not a person.
 *
 * @param unit such as `haproxy.service`; it need not exist yet
 * @example
 * await spec.maskUnit(machine, 'haproxy.service')
 * @see https://www.freedesktop.org/software/systemd/man/systemctl.html#mask%20UNIT%E2%80%A6
 */
export function maskUnit(machine: Machine, unit: string): Promise<boolean> {
  const path = `/etc/systemd/system/${unit}`
  return machine.ensure(
    `${unit} masked`,
    sh`[ "$(readlink ${path})" = /dev/null ]`,
    sh`
      ${recording}
      touch ${record.masked(unit)}
      systemctl mask --quiet ${unit}`,
  )
}

/**
 * Unmasks a unit that {@link maskUnit} masked.
 *
 * @example
 * await spec.unmaskUnit(machine, 'haproxy.service')
 */
export function unmaskUnit(machine: Machine, unit: string): Promise<boolean> {
  return machine.ensure(
    `${unit} unmasked`,
    sh`[ ! -e ${record.masked(unit)} ]`,
    sh`
      systemctl unmask --quiet ${unit}
      rm ${record.masked(unit)}`,
  )
}

/**
 * Has kernel modules loaded, now and at every start. In a container that is
 * up to its host, and the check `modules` has seen that they are there.
 *
 * @param file below /etc/modules-load.d, read at every start
 * @param modules names, each with a path that exists once it is loaded
 * @example
 * await spec.ensureModules(machine, '/etc/modules-load.d/ours.conf', {
 *   overlay: '/sys/module/overlay',
 * })
 */
export async function ensureModules(
  machine: Machine,
  file: string,
  modules: Readonly<Record<string, string>>,
): Promise<void> {
  if ((await machine.facts()).container) return
  await machine.file(file, `${Object.keys(modules).join('\n')}\n`)
  const proofs = Object.entries(modules).map((pair) => pair.join(' '))
  await machine.ensure(
    'modules',
    sh`
      built_in=/lib/modules/$(uname -r)/modules.builtin
      while read -r name path; do
        [ -e "$path" ] || grep -qs "/$name\.ko" "$built_in" || exit 1
      done <<< ${proofs.join('\n')}`,
    sh`
      ${recording}
      for name in ${Object.keys(modules)}; do
        grep -q "^$name " /proc/modules || echo "$name" >> ${record.modules}
      done
      modprobe -a ${Object.keys(modules)}`,
  )
}

/**
 * Unloads the modules that {@link ensureModules} loaded, if none uses them.
 *
 * @example
 * undo(cluster.machines, (machine) => spec.restoreModules(machine))
 */
export function restoreModules(machine: Machine): Promise<boolean> {
  return machine.ensure(
    'modules as before',
    sh`[ ! -e ${record.modules} ]`,
    sh`
      while read -r name; do
        modprobe -r "$name" 2>/dev/null || true
      done < ${record.modules}
      rm ${record.modules}`,
  )
}

/**
 * Has kernel parameters set, now and at every start. One that is higher than
 * wanted stays: it may have its reason.
 *
 * A container has only the parameters of the network for itself. The others
 * are its host's, and are left alone.
 *
 * @param file below /etc/sysctl.d, read at every start
 * @param wanted values by name
 * @param changedLater names of what the cluster will change itself; their
 * values are remembered, too
 * @example
 * await spec.ensureSysctls(
 *   machine,
 *   '/etc/sysctl.d/99-ours.conf',
 *   { 'net.ipv4.ip_forward': 1 },
 *   ['vm.overcommit_memory'],
 * )
 */
export async function ensureSysctls(
  machine: Machine,
  file: string,
  wanted: Readonly<Record<string, number>>,
  changedLater: readonly string[],
): Promise<void> {
  const { container } = await machine.facts()
  const isOwn = (name: string) => !container || name.startsWith('net.')
  const names = Object.keys(wanted).filter(isOwn)
  const { sysctls } = record
  await machine.ensure(
    'parameters recorded',
    sh`[ -s ${sysctls} ]`,
    sh`
      ${recording}
      sysctl -e ${[...names, ...changedLater.filter(isOwn)]} > ${sysctls}.new
      mv ${sysctls}.new ${sysctls}`,
  )
  // Before the first run, and under --plan, nothing is recorded.
  const had = await machine.read`
    cat ${sysctls} 2>/dev/null || sysctl -e ${names} || true`
  const values = names.map((name) => {
    const line = had.split('\n').find((line) => line.startsWith(`${name} = `))
    const old = Number(line?.split(' = ')[1] ?? 0)
    return Math.max(wanted[name] ?? 0, old)
  })
  const text = names.map((name, index) => `${name} = ${values[index]}\n`)
  await machine.file(file, text.join(''))
  await machine.ensure(
    'parameters',
    sh`[ "$(sysctl -n ${names})" = ${values.join('\n')} ]`,
    sh`sysctl -q -p ${file}`,
  )
}

/**
 * The values that parameters will have after the next start.
 *
 * @param names of parameters
 * @returns values by name; empty for one that no file sets
 * @example
 * await sysctlsAtStart(machine, ['net.ipv4.ip_forward'])
 * // { 'net.ipv4.ip_forward': '1' }
 * @see https://www.freedesktop.org/software/systemd/man/sysctl.d.html
 */
export async function sysctlsAtStart(
  machine: Machine,
  names: readonly string[],
): Promise<Record<string, string>> {
  const files = await machine.read`
    /usr/lib/systemd/systemd-sysctl --cat-config`
  const set = files.split('\n').flatMap((line) => {
    const [, name, value] = /^-?([^#;=\s]+)\s*=\s*(.*)$/.exec(line) ?? []
    return name && value ? [[name.replaceAll('/', '.'), value.trim()]] : []
  })
  const last: Record<string, string> = Object.fromEntries(set)
  return Object.fromEntries(names.map((name) => [name, last[name] ?? '']))
}

/**
 * Puts back the parameters that {@link ensureSysctls} remembered.
 *
 * @example
 * undo(cluster.machines, (machine) => spec.restoreSysctls(machine))
 */
export function restoreSysctls(machine: Machine): Promise<boolean> {
  return machine.ensure(
    'parameters as before',
    sh`[ ! -e ${record.sysctls} ]`,
    // Some cannot be set in a container, though the cluster's programs try.
    sh`
      while read -r name _ value; do
        [ "$(sysctl -n "$name" 2>/dev/null)" = "$value" ] ||
          sysctl -q -w "$name=$value" || true
      done < ${record.sysctls}
      rm ${record.sysctls}`,
  )
}

/**
 * Has the names of all machines, and localhost, in a marked block of
 * /etc/hosts. The rest of the file stays as it is.
 *
 * @example
 * await spec.ensureHostNames(machine, cluster.machines)
 */
export function ensureHostNames(
  machine: Machine,
  machines: readonly { name: string; address: string }[],
): Promise<boolean> {
  const block = hostsBlock(machines)
  return machine.ensure(
    '/etc/hosts',
    sh`[ "$(sed -n ${`${hostsRange}p`} /etc/hosts)" = ${block} ]`,
    joined(
      // The second expression ends the last line, if it has no end.
      sh`
        touch /etc/hosts
        sed -e ${`${hostsRange}d`} -e '$a\' /etc/hosts > /etc/hosts.new`,
      sh`printf '%s\n' ${block} >> /etc/hosts.new`,
      replaceHosts,
    ),
  )
}

/**
 * Takes our block out of /etc/hosts.
 *
 * @example
 * undo(cluster.machines, (machine) => spec.removeHostNames(machine))
 */
export function removeHostNames(machine: Machine): Promise<boolean> {
  return machine.ensure(
    '/etc/hosts as before',
    sh`[ -z "$(sed -n ${`${hostsRange}p`} /etc/hosts 2>/dev/null)" ]`,
    joined(
      sh`sed ${`${hostsRange}d`} /etc/hosts > /etc/hosts.new`,
      replaceHosts,
      sh`[ -s /etc/hosts ] || rm -f /etc/hosts`,
    ),
  )
}

// In a container /etc/hosts may be a mount: then nothing can be renamed over
// it, but it can be written to.
const replaceHosts: Script = sh`
  chmod 644 /etc/hosts.new
  sync /etc/hosts.new
  mv -fT /etc/hosts.new /etc/hosts 2>/dev/null || {
    cat /etc/hosts.new > /etc/hosts
    rm /etc/hosts.new
  }`

const resolverNote = '# No name server was set when the cluster was made.'

/**
 * Has an /etc/resolv.conf, for the kubelet copies it into pods and fails
 * without one. One that is there is never changed.
 *
 * @example
 * await spec.ensureResolverFile(machine)
 */
export function ensureResolverFile(machine: Machine): Promise<boolean> {
  return machine.ensure(
    '/etc/resolv.conf',
    sh`[ -e /etc/resolv.conf ] || [ -L /etc/resolv.conf ]`,
    sh`echo ${resolverNote} > /etc/resolv.conf`,
  )
}

/**
 * Removes the file that {@link ensureResolverFile} made, and no other.
 *
 * @example
 * undo(cluster.machines, (machine) => spec.removeResolverFile(machine))
 */
export function removeResolverFile(machine: Machine): Promise<boolean> {
  return machine.ensure(
    '/etc/resolv.conf removed',
    sh`[ "$(cat /etc/resolv.conf 2>/dev/null)" != ${resolverNote} ]`,
    sh`rm /etc/resolv.conf`,
  )
}

/**
 * Has the machine forget to which cluster it belonged, unless data of the
 * cluster is left on it: then no other cluster may take it.
 *
 * @param file says which cluster it is; its folder goes with it
 * @param data paths that exist while data of the cluster is left
 * @example
 * await spec.leaveCluster(machine, membershipFile, ['/var/lib/etcd/member'])
 */
export function leaveCluster(
  machine: Machine,
  file: string,
  data: readonly string[],
): Promise<boolean> {
  const folder = file.slice(0, file.lastIndexOf('/'))
  const isLeft = joinedBy(
    ' || ',
    data.map((path) => sh`[ -e ${path} ]`),
  )
  return machine.ensure(
    'membership removed',
    sh`[ ! -e ${file} ] || ${isLeft}`,
    // What is asked for above goes last: cut off before, this runs again.
    sh`rm -rf ${before} ${stampFolder}
       [ ! -d ${ours} ] || rmdir --ignore-fail-on-non-empty ${ours}
       rm -rf ${folder}`,
  )
}

function joined(...scripts: readonly Script[]): Script {
  return joinedBy('\n', scripts)
}

function joinedBy(separator: string, scripts: readonly Script[]): Script {
  return { script: scripts.map(({ script }) => script).join(separator) }
}
