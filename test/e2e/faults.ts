// What real life does to a cluster, while a client writes all the time: it
// must find every write that it was promised.

import { afterAll, beforeAll, describe, test } from 'vitest'
import { faults } from './faults/faults.ts'
import { writeFaults } from './faults/record.ts'
import { Scene } from './faults/scene.ts'
import type { Guide } from './guide.ts'

/** Registers a test for each fault, on a cluster that is up. */
export function faultTests(guide: Guide): void {
  describe('a client that writes all the time loses nothing', () => {
    let scene: Scene

    beforeAll(async () => {
      scene = await Scene.open(guide)
    })

    afterAll(async () => {
      await scene.close()
      if (scene.results.length === faults.length) await writeFaults(scene)
    })

    test.each(faults)('%s', (fault, most, act) =>
      scene.during(fault, most, () => act(scene)),
    )
  })
}
