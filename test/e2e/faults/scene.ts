// A cluster with a client that never pauses, and what is measured while
// something is broken.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RecordedFault } from '../../../commands/docs/faults.ts'
import {
  type Cluster,
  loadCluster,
  type MachineEntry,
} from '../../../lib/cluster.ts'
import { conditionOf } from '../../../lib/conditions.ts'
import { ask } from '../../../lib/https.ts'
import { readKubeconfig } from '../../../lib/kubeconfig.ts'
import { KubernetesApi } from '../../../lib/kubernetes.ts'
import { until } from '../../../lib/wait.ts'
import type { Guide } from '../guide.ts'
import { memberOf } from './members.ts'
import { openTunnel, type Tunnel } from './tunnel.ts'
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
    const file = join(cluster.directory, 'kubeconfig/admin.yaml')
    const admin = readKubeconfig(readFileSync(file, 'utf8'))
    const { port } = cluster.ports.apiServer
    this.api = new KubernetesApi(
      cluster.controlPlanes.map(({ address }) => `https://${address}:${port}`),
      admin,
    )
    const balancer = `https://127.0.0.1:${tunnel.port}`
    this.writer = new Writer(new KubernetesApi([balancer], admin))
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
   * @param since by when a kubelet must have said so: a node that is gone
   * looks well for the best part of a minute
   */
  async whole(since?: Date): Promise<void> {
    await until(
      'the cluster is whole',
      async () => {
        const members = await Promise.all(
          this.cluster.controlPlanes.map((it) => memberOf(this.cluster, it)),
        )
        const ill = members.filter((it) => !it.healthy)
        if (ill.length > 0) throw new Error(ill.map((it) => it.why).join('\n'))
        const leaders = members.filter(({ leads }) => leads)
        if (leaders.length !== 1) throw new Error(`${leaders.length} lead`)
        await Promise.all(
          this.cluster.controlPlanes.map((it) => this.#isReady(it)),
        )
        await this.#nodesAreReady(since)
        return true
      },
      { seconds: 180 },
    )
  }

  async #isReady({ name, address }: MachineEntry): Promise<void> {
    const { port } = this.cluster.ports.apiServer
    const file = join(this.cluster.directory, 'pki/cluster/ca.crt')
    const authority = readFileSync(file, 'utf8')
    const { status } = await ask(`https://${address}:${port}/readyz`, {
      authority,
    })
    if (status !== 200) throw new Error(`API server of ${name}: ${status}`)
  }

  async #nodesAreReady(since: Date | undefined): Promise<void> {
    const nodes = await this.api.list('/api/v1/nodes')
    for (const { name } of this.cluster.machines) {
      const node = nodes.find(({ metadata }) => metadata.name === name)
      const { status, message } = (node && conditionOf(node, 'Ready')) ?? {}
      if (status !== 'True') throw new Error(`node ${name}: ${message}`)
    }
    if (!since) return
    const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease'
    for (const { metadata, spec } of await this.api.list(`${leases}/leases`)) {
      if (Date.parse(spec.renewTime) > since.getTime()) continue
      throw new Error(`${metadata.name} was last heard of ${spec.renewTime}`)
    }
  }
}

export function rounded(seconds: number): number {
  return Math.round(seconds * 10) / 10
}
