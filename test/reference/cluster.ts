import type { Role } from '../../lib/cluster-schema.ts'
import type { Manifest } from '../../lib/kubernetes.ts'
import { building, flagsFor, openWorkshop } from '../fake/sandbox.ts'
import { type Change, type FakeMachine, newMachine } from '../fake/world.ts'

/** A machine of a built cluster. */
export type BuiltMachine = FakeMachine & { roles: Role[] }

/** A cluster of fakes that every step has been run on. */
export interface BuiltCluster {
  /** Virtual machines, or containers. */
  virtual: boolean
  machines: BuiltMachine[]
  steps: {
    number: string
    changes: Change[]
    /** Paths that are new on any machine. */
    paths: Set<string>
    /** Paths that are new in the state folder. */
    state: string[]
  }[]
  /** What the API holds. */
  objects: Manifest[]
  /** Files of the state folder. */
  state: Record<string, string>
}

/**
 * Runs the steps that build a cluster on fakes, and keeps what each did.
 *
 * @param options virtual machines, or containers
 * @example
 * const { machines } = await buildCluster({ virtual: true })
 */
export async function buildCluster(options: {
  virtual: boolean
}): Promise<BuiltCluster> {
  const workshop = openWorkshop()
  try {
    const sandbox = workshop.sandbox('cluster.yaml', options)
    const roles = new Map<string, Role[]>()
    sandbox.edit(({ machines }) => {
      for (const machine of machines) roles.set(machine.name, machine.roles)
    })
    const steps: BuiltCluster['steps'] = []
    let known = pathsOf([newMachine('', '', !options.virtual)])
    let kept: string[] = []
    for (const { number } of building) {
      const from = sandbox.log().length
      const flags = flagsFor(number)
      const { code, output } = await workshop.run(sandbox, number, flags)
      if (code !== 0) throw new Error(`step ${number} failed\n${output}`)
      const paths = pathsOf(Object.values(sandbox.world().machines))
      const state = Object.keys(sandbox.state())
      steps.push({
        number,
        changes: sandbox.log(from),
        paths: paths.difference(known),
        state: state.filter((path) => !kept.includes(path)),
      })
      known = known.union(paths)
      kept = state
    }
    const { machines, objects } = sandbox.world()
    return {
      ...options,
      machines: Object.values(machines).map((machine) => ({
        ...machine,
        roles: roles.get(machine.name) ?? [],
      })),
      ...{ steps, objects: Object.values(objects), state: sandbox.state() },
    }
  } finally {
    workshop.close()
  }
}

/** On which of the machines something is, in words. */
export function whereIs(
  cluster: BuiltCluster,
  is: (machine: BuiltMachine) => boolean,
): string {
  const { machines } = cluster
  const found = machines.filter(is)
  if (found.length === machines.length) return 'every machine'
  const only = (role: Role) =>
    found.length > 0 &&
    machines.every((one) => is(one) === one.roles.includes(role))
  if (only('control-plane')) return 'control planes'
  if (only('worker')) return 'workers'
  return found.map(({ name }) => name).join(', ')
}

function pathsOf(machines: readonly FakeMachine[]): Set<string> {
  return new Set(
    machines.flatMap(({ files, folders, masked }) => [
      ...Object.keys(files),
      ...Object.keys(folders),
      ...masked,
    ]),
  )
}
