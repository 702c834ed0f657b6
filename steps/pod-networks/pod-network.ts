import type { Machine } from '../../lib/machine.ts'
import type { LiveCluster } from '../../lib/step.ts'

/**
 * One way to connect pods on different machines. Step 12 knows no other
 * detail of it, so a network is exchanged by exchanging this.
 */
export interface PodNetwork {
  /**
   * Gives the pods of a machine an address in its subnet, and a way to the
   * pods of all others.
   *
   * @param subnets of all nodes, by the name of their machine
   */
  configure(
    machine: Machine,
    cluster: LiveCluster,
    subnets: ReadonlyMap<string, string>,
  ): Promise<void>

  /** Takes all of it back. */
  remove(machine: Machine): Promise<void>
}
