// A cluster with a client that never pauses, and what is measured while
// something is broken.

import assert from 'node:assert/strict'
import type { RecordedFault } from '../../../commands/docs/faults.ts'
import {
  type Cluster,
  loadCluster,
  type MachineEntry,
} from '../../../lib/cluster.ts'
import type { KubernetesApi } from '../../../lib/kubernetes.ts'
import { until } from '../../../lib/wait.ts'
import { apiOf } from '../api.ts'
import type { Guide } from '../guide.ts'
import { openTunnel, type Tunnel } from './tunnel.ts'
import { expectWhole } from './whole.ts'
import { Writer } from './writer.ts'

export class Scene {
  readonly guide: Guide
  readonly cluster: Cluster
  /** Whose balancer the client goes through. */
  readonly seat: MachineEntry
  /** Straight to the API servers, for all that is no part of the proof. */
  readonly api: KubernetesApi
  readonly writer: Writer
  readonly results: RecordedFault[] = []
  readonly #tunnel: Tunnel

  private constructor(
    guide: Guide,
    cluster: Cluster,
    seat: MachineEntry,
    tunnel: Tunnel,
  ) {
    this.guide = guide
    this.cluster = cluster
    this.seat = seat
    this.#tunnel = tunnel
    this.api = apiOf(cluster)
    const balancer = `https://127.0.0.1:${tunnel.port}`
    this.writer = new Writer(apiOf(cluster, [balancer]))
  }

  static async open(guide: Guide): Promise<Scene> {
    const cluster = loadCluster(guide.file)
    const [seat] = cluster.workers
    if (!seat) throw new Error('there is no worker')
    const { port } = cluster.ports.apiBalancer
    const tunnel = await openTunnel(seat, cluster.directory, port)
    const scene = new Scene(guide, cluster, seat, tunnel)
    await until('the balancer answers', async () => {
      await scene.writer.start()
      return true
    })
    return scene
  }

  async close(): Promise<void> {
    await this.writer.stop()
    this.#tunnel.close()
  }

  /**
   * Breaks something while the client goes on, waits until the cluster is
   * whole again, and looks for everything that the client was promised.
   *
   * @param act breaks it and puts it back; says what was seen
   * @param most seconds without an acknowledged write that are accepted
   */
  async during(
    fault: string,
    most: number,
    act: () => Promise<string>,
  ): Promise<void> {
    await this.whole()
    await this.writer.more(5)
    const mark = this.writer.mark()
    const seen = await act()
    await this.whole()
    await this.writer.more(5)
    const { acknowledged, gap } = this.writer.since(mark)
    const seconds = (performance.now() - mark.at) / 1000
    const lost = await this.writer.lost(this.api)
    const result = {
      fault,
      seen,
      seconds: rounded(seconds),
      longestGapSeconds: rounded(gap),
      acknowledged,
      lost: lost.length,
    }
    console.log(JSON.stringify(result))
    assert.deepEqual(lost, [], 'acknowledged writes were lost')
    assert.deepEqual(this.writer.misread, [], 'writes were read otherwise')
    assert(acknowledged > 0, 'no write was acknowledged')
    assert(gap < most, `${gap} s without an acknowledged write`)
    this.results.push(result)
  }

  /**
   * Waits until every member, every API server and every node is there.
   *
   * @param since by when a kubelet must have said so, see {@link expectWhole}
   */
  async whole(since?: Date): Promise<void> {
    await until(
      'the cluster is whole',
      async () => {
        await expectWhole(this.cluster, this.api, since)
        return true
      },
      { seconds: 180 },
    )
  }
}

export function rounded(seconds: number): number {
  return Math.round(seconds * 10) / 10
}
