import { containerMachines } from './container-machines.ts'
import type { MachineMaker } from './machines.ts'
import type { LabPlan } from './plan.ts'
import { virtualMachines } from './virtual-machines.ts'

/** Knows the machines that are there, and ends them. */
export type OffMaker = Pick<MachineMaker, 'status' | 'stop' | 'kill'>

/** What ends the machines of a lab; it needs nothing of their image. */
export function offMaker(plan: LabPlan): OffMaker {
  return plan.kind === 'vm'
    ? virtualMachines(plan, '', 'tcg')
    : containerMachines(plan, '')
}
