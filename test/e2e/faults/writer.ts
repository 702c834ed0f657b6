// A client that writes and reads back all the time, and knows what it was
// promised.

import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { KubernetesApi, Manifest } from '../../../lib/kubernetes.ts'
import { until } from '../../../lib/wait.ts'

const namespace = `faults-${randomUUID().slice(0, 6)}`
const home = {
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: namespace },
}
const path = `/api/v1/namespaces/${namespace}/configmaps`

// Between two writes: often enough to see a gap, and no load test.
const pause = 50

/** A point in the life of a {@link Writer}. */
export interface Mark {
  at: number
  acknowledged: number
}

export class Writer {
  /** Writes that were read back otherwise than they were acknowledged. */
  readonly misread: string[] = []
  readonly #api: KubernetesApi
  readonly #words = new Map<string, string>()
  readonly #times: number[] = []
  #stopping = false
  #loop: Promise<void> = Promise.resolve()

  /** @param api leads through the balancer that is under test */
  constructor(api: KubernetesApi) {
    this.#api = api
  }

  async start(): Promise<void> {
    await this.#api.apply(home)
    this.#loop = this.#run()
  }

  /** Ends it, and removes what it wrote. */
  async stop(): Promise<void> {
    this.#stopping = true
    await this.#loop
    await this.#api.delete(home)
  }

  mark(): Mark {
    return { at: performance.now(), acknowledged: this.#times.length }
  }

  /** Writes that were acknowledged since then, and the longest time without. */
  since({ at, acknowledged }: Mark): { acknowledged: number; gap: number } {
    const times = this.#times.slice(acknowledged)
    const ends = [...times, performance.now()]
    const gaps = ends.map((end, index) => end - (ends[index - 1] ?? at))
    return { acknowledged: times.length, gap: Math.max(...gaps) / 1000 }
  }

  /** Waits until so many more writes are acknowledged. */
  async more(count: number, seconds = 60): Promise<void> {
    const wanted = this.#times.length + count
    await until(
      `${count} more writes are acknowledged`,
      () => this.#times.length >= wanted,
      { seconds },
    )
  }

  /**
   * The acknowledged writes, from the beginning, that are not there.
   *
   * @param api leads elsewhere than through what is under test
   */
  async lost(api: KubernetesApi): Promise<string[]> {
    const acknowledged = [...this.#words]
    const found = new Map(
      (await api.list(path)).map((it) => [it.metadata.name, it.data?.word]),
    )
    return acknowledged
      .filter(([name, word]) => found.get(name) !== word)
      .map(([name]) => name)
  }

  async #run(): Promise<void> {
    for (let count = 0; !this.#stopping; count++) {
      // Another name each time: a write whose answer was lost counts neither
      // as acknowledged nor as lost, and stands in nobody's way.
      const name = `write-${count}`
      await this.#writeAndRead(name, randomUUID()).catch(() => undefined)
      await sleep(pause)
    }
  }

  async #writeAndRead(name: string, word: string): Promise<void> {
    const configMap: Manifest = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name },
      data: { word },
    }
    await this.#api.send('POST', path, configMap)
    this.#times.push(performance.now())
    this.#words.set(name, word)
    const read = await this.#api.get(`${path}/${name}`)
    if (read?.data?.word !== word) this.misread.push(name)
  }
}
