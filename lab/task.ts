import { existsSync } from 'node:fs'
import { mkdir, readdir, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { takeLock } from '../lib/lock.ts'
import { accelerator } from './accelerator.ts'
import { installPackages } from './apt.ts'
import {
  type BaseSystem,
  ensureBaseSystem,
  removePartialBuilds,
  unpackBaseSystem,
} from './base-system.ts'
import {
  findCgroup,
  killCgroup,
  removeCgroup,
  removeEmptyCgroup,
} from './cgroup.ts'
import { containerMachines } from './container-machines.ts'
import { prepareHost, restoreHost } from './host-settings.ts'
import { recordKind } from './kind.ts'
import type { MachineMaker } from './machines.ts'
import { offMaker } from './maker.ts'
import { labCgroup, labsCgroup, labsFolder, workCgroup } from './names.ts'
import { createNetwork, networkExists, removeNetwork } from './network.ts'
import type { LabMachine, LabPlan } from './plan.ts'
import { killMachines, made, stopMachines } from './power-off.ts'
import { startServices } from './service-process.ts'
import { waitForSsh } from './ssh-answer.ts'
import { virtualMachines } from './virtual-machines.ts'

/** What root is asked to do. Plain data, for it may cross `sudo`. */
export type Task =
  | { verb: 'up'; plan: LabPlan; install: string[] }
  | { verb: 'down'; plan: LabPlan }
  | { verb: 'start' | 'stop' | 'kill'; plan: LabPlan; names: string[] }

export interface UpResult {
  /** Names of the machines that were made now. */
  created: string[]
  /** Public SSH host keys, by name of machine. */
  hostKeys: Record<string, string>
}

export interface DownResult {
  /** What was there and is gone, in words. */
  removed: string[]
}

/** What the report says is all there is to say. */
export type PowerResult = Record<string, never>

export type Report = (line: string) => void

/** Does what only root can do. */
export async function perform(
  task: Task,
  report: Report,
): Promise<UpResult | DownResult | PowerResult> {
  switch (task.verb) {
    case 'up':
      return up(task.plan, task.install, report)
    case 'down':
      return down(task.plan)
    case 'start':
      return start(task.plan, task.names, report)
    case 'stop':
    case 'kill':
      return powerOff(task.verb, task.plan, task.names, report)
  }
}

/** Whether anything of a lab is on this host. Needs no root. */
export function leftovers(plan: LabPlan): boolean {
  return (
    existsSync(plan.directory) ||
    networkExists(plan.network) ||
    findCgroup(labCgroup(plan.cluster)).length > 0
  )
}

async function up(
  plan: LabPlan,
  install: string[],
  report: Report,
  machines: readonly LabMachine[] = plan.machines,
): Promise<UpResult> {
  await mkdir(plan.directory, { recursive: true })
  const unlock = takeLock(plan.directory)
  try {
    // What an earlier `up` started that was killed.
    await killCgroup(workCgroup(plan.cluster))
    if (install.length) {
      await installPackages(install, plan.directory)
      report(`✓ installed ${install.join(', ')}`)
    }
    await prepareHost()
    const lap = stopwatch()
    const system = await ensureBaseSystem(plan)
    report(`✓ base system (${system.built ? `built in ${lap()}` : 'cached'})`)

    const [maker] = await Promise.all([
      makerOf(plan, system, report),
      createNetwork(plan).then(() => startServices(plan, system.packages)),
    ])
    report(`✓ network ${plan.network}, ${plan.range}`)
    await recordKind(plan.directory, plan.kind)
    return await startMachines(plan, maker, machines, report)
  } finally {
    unlock()
  }
}

// As `up` does it: this host may have lost the lab's network since.
async function start(
  plan: LabPlan,
  names: readonly string[],
  report: Report,
): Promise<PowerResult> {
  await up(plan, [], report, made(offMaker(plan), plan, names))
  return {}
}

async function powerOff(
  verb: 'stop' | 'kill',
  plan: LabPlan,
  names: readonly string[],
  report: Report,
): Promise<PowerResult> {
  const maker = offMaker(plan)
  const machines = made(maker, plan, names)
  const unlock = takeLock(plan.directory)
  try {
    if (verb === 'stop') await stopMachines(maker, machines, report)
    else await killMachines(maker, machines, report)
  } finally {
    unlock()
  }
  return {}
}

async function makerOf(
  plan: LabPlan,
  system: BaseSystem,
  report: Report,
): Promise<MachineMaker> {
  if (plan.kind === 'container') {
    return containerMachines(plan, await unpackBaseSystem(system, plan))
  }
  const { name, why } = await accelerator(system.folder)
  report(`✓ virtual machines ${accelerated[name]}: ${why}`)
  return virtualMachines(plan, system.folder, name)
}

const accelerated = {
  kvm: 'by KVM',
  tcg: 'by emulation, many times slower than this host',
}

async function startMachines(
  plan: LabPlan,
  maker: MachineMaker,
  machines: readonly LabMachine[],
  report: Report,
): Promise<UpResult> {
  const lap = stopwatch()
  const created: string[] = []
  await Promise.all(
    machines.map(async (machine) => {
      const status = maker.status(machine)
      if (status === 'missing') {
        await maker.create(machine)
        created.push(machine.name)
      }
      if (status !== 'running') await maker.start(machine)
    }),
  )
  await waitForSsh(maker, machines, plan.kind === 'vm' ? 600 : 90)
  const count = machines.length
  const answer = count === 1 ? 'machine answers' : 'machines answer'
  report(`✓ ${count} ${answer} SSH  ${lap()}`)
  await reportForgotten(plan, report)

  const keys = machines.map(
    async (it) => [it.name, await maker.hostKey(it)] as const,
  )
  return { created, hostKeys: Object.fromEntries(await Promise.all(keys)) }
}

// Not ours to stop: its node may have to be drained first.
async function reportForgotten(plan: LabPlan, report: Report) {
  const wanted = plan.machines.map(({ name }) => name)
  for (const name of await foldersOf(join(plan.directory, 'machines'))) {
    if (wanted.includes(name) || name.endsWith('.partial')) continue
    report(`! ${name} is in cluster.yaml no more; it goes with lab down`)
  }
}

// Everything is found by its name, whatever an earlier run could record.
async function down(plan: LabPlan): Promise<DownResult> {
  if (!leftovers(plan)) return { removed: [] }
  await mkdir(plan.directory, { recursive: true })
  const unlock = takeLock(plan.directory)
  const removed: string[] = []
  const note = (count: number, one: string, many: string) => {
    if (count) removed.push(`${count} ${count === 1 ? one : many}`)
  }
  try {
    const cgroup = labCgroup(plan.cluster)
    const names = await foldersOf(join(plan.directory, 'machines'))
    note(names.length, 'machine', 'machines')
    note(await killCgroup(cgroup), 'process', 'processes')
    note(await unmountBelow(plan.directory), 'mount', 'mounts')
    note(await removeCgroup(cgroup), 'cgroup', 'cgroups')
    removeEmptyCgroup(labsCgroup)
    if (await removeNetwork(plan.network)) removed.push(plan.network)
    await removePartialBuilds(plan)
    await rm(plan.directory, { recursive: true, force: true })
    removed.push(plan.directory)
    note((await restoreHost()).length, 'sysctl put back', 'sysctls put back')
    await removeEmptyFolders()
    return { removed }
  } finally {
    unlock()
  }
}

// The machines' mounts end with them; these would be somebody's own.
async function unmountBelow(folder: string): Promise<number> {
  const { stdout } = await execa('findmnt', ['--raw', '-no', 'TARGET'])
  const targets = stdout.split('\n').filter((it) => it.startsWith(`${folder}/`))
  for (const target of targets.reverse()) {
    await execa('umount', ['--lazy', target], { reject: false })
  }
  return targets.length
}

async function removeEmptyFolders(): Promise<void> {
  for (const folder of [labsFolder, join(labsFolder, '..')]) {
    await rmdir(folder).catch(() => undefined)
  }
}

async function foldersOf(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => [])
}

function stopwatch(): () => string {
  const start = performance.now()
  return () => `${((performance.now() - start) / 1000).toFixed(1)} s`
}
