import type { Cluster, MachineEntry } from '../lib/cluster.ts'
import { GuideError } from '../lib/errors.ts'
import { printable } from '../lib/flags.ts'
import { closeSsh } from '../lib/ssh.ts'
import { loadLab } from './lab-file.ts'
import { type LabPlan, labPlan } from './plan.ts'
import { missingForVirtual } from './requirements.ts'
import { asRoot } from './root.ts'
import type { Report } from './task.ts'

/**
 * What can be done to the power of a machine: `start` waits until SSH
 * answers, `stop` asks the system inside to power off, `kill` pulls the plug.
 */
export type PowerVerb = 'start' | 'stop' | 'kill'

/**
 * Starts machines of a lab, or ends them, all at the same time.
 *
 * @throws {GuideError} for a name that cluster.yaml does not have, for a
 * machine that was never made, and for virtual machines that this host has no
 * room for
 * @example
 * await labPower('cluster.yaml', 'kill', ['cp-1'])
 */
export async function labPower(
  clusterFile: string,
  verb: PowerVerb,
  names: readonly string[],
  { report = console.log }: { report?: Report } = {},
): Promise<void> {
  const { cluster, lab } = loadLab(clusterFile)
  const machines = machinesNamed(cluster, names)
  const plan = labPlan(cluster, lab, '')
  if (verb === 'start') refuseTooMuch(plan, names)
  await asRoot({ verb, plan, names: [...names] }, report)
  // A shared connection to a machine that went would hang until it times out.
  await closeSsh(machines, cluster.directory)
}

function refuseTooMuch(plan: LabPlan, names: readonly string[]): void {
  if (plan.kind !== 'vm') return
  const machines = plan.machines.filter(({ name }) => names.includes(name))
  const lacks = missingForVirtual(plan, machines)
  if (lacks.length === 0) return
  const list = lacks.map(({ what }) => what).join('\n  ')
  throw new GuideError(`This host lacks what the lab needs\n  ${list}`)
}

/**
 * The machines of a cluster that are meant by their names.
 *
 * @throws {GuideError} with the names that there are
 */
export function machinesNamed(
  cluster: Cluster,
  names: readonly string[],
): MachineEntry[] {
  const all = cluster.machines.map(({ name }) => name)
  const unknown = names.filter((name) => !all.includes(name))
  if (names.length > 0 && unknown.length === 0) {
    return cluster.machines.filter(({ name }) => names.includes(name))
  }
  throw new GuideError(
    unknown.length > 0
      ? `No machine ${unknown.map(printable).join(', ')}; there are ${all.join(', ')}`
      : `Which machine? There are ${all.join(', ')}`,
  )
}
