import type { LabMachine } from './plan.ts'

/** What a machine is doing. */
export type MachineStatus = 'missing' | 'stopped' | 'running'

/**
 * A way to make machines. Container machines are one; virtual machines can
 * be another. The network and the services are the same for all.
 */
export interface MachineMaker {
  /** Makes a machine that does not run yet. A half-made one is made anew. */
  create(machine: LabMachine): Promise<void>
  /** Starts it, without waiting until it answers. */
  start(machine: LabMachine): Promise<void>
  /**
   * Asks the system inside to power off, and waits until it has. One that
   * takes longer than a minute is killed.
   *
   * @returns whether it powered off by itself
   */
  stop(machine: LabMachine): Promise<boolean>
  /** Ends it at once, as pulling the plug would. */
  kill(machine: LabMachine): Promise<void>
  /** Kills it and deletes its disk. */
  remove(machine: LabMachine): Promise<void>
  /** @throws {GuideError} for one that was made with another address */
  status(machine: LabMachine): MachineStatus
  /** The public SSH host key, `ssh-ed25519 AAAA…`. */
  hostKey(machine: LabMachine): Promise<string>
  /** File with what the machine printed on its console. */
  console(machine: LabMachine): string
}
