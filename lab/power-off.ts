import { GuideError } from '../lib/errors.ts'
import type { OffMaker } from './maker.ts'
import type { LabMachine, LabPlan } from './plan.ts'

/**
 * The machines of these names.
 *
 * @throws {GuideError} that names those which were never made
 */
export function made(
  maker: OffMaker,
  plan: LabPlan,
  names: readonly string[],
): LabMachine[] {
  const machines = plan.machines.filter(({ name }) => names.includes(name))
  const missing = machines.filter((it) => maker.status(it) === 'missing')
  if (missing.length === 0) return machines
  throw new GuideError(
    `Not made yet: ${missing.map(({ name }) => name).join(', ')}`,
    ['npm run lab -- up'],
  )
}

/** Has machines power off, all at the same time. */
export async function stopMachines(
  maker: OffMaker,
  machines: readonly LabMachine[],
  report: (line: string) => void,
): Promise<void> {
  const stop = async (machine: LabMachine) => {
    const { name } = machine
    if (maker.status(machine) !== 'running') {
      report(`· ${name} does not run`)
      return
    }
    const start = performance.now()
    const off = await maker.stop(machine)
    const seconds = ((performance.now() - start) / 1000).toFixed(1)
    report(
      off
        ? `✓ ${name} powered off  ${seconds} s`
        : `! ${name} did not power off in ${seconds} s, and was killed`,
    )
  }
  await Promise.all(machines.map(stop))
}

/** Cuts the power of machines, all at the same time. */
export async function killMachines(
  maker: OffMaker,
  machines: readonly LabMachine[],
  report: (line: string) => void,
): Promise<void> {
  const kill = async (machine: LabMachine) => {
    const ran = maker.status(machine) === 'running'
    await maker.kill(machine)
    report(ran ? `✓ ${machine.name} killed` : `· ${machine.name} does not run`)
  }
  await Promise.all(machines.map(kill))
}
