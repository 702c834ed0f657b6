import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { readRecordedFaults } from '../../commands/docs/faults.ts'
import { recordedFolder } from '../../commands/docs/recorded.ts'
import type { Results } from '../../commands/shared/bench-results.ts'
import { loadCluster } from '../../lib/cluster.ts'
import { stepFiles } from '../../lib/steps.ts'
import { faults } from '../e2e/faults/faults.ts'

// Figures have no fingerprint of the steps: they are taken anew when what was
// measured is another cluster, not when a word of a step is another one.

const time = z.number().nonnegative()
const positive = z.number().positive()
const words = z.string().min(1)

const results: z.ZodType<Results> = z.strictObject({
  recordedAt: z.iso.date(),
  commit: z.string().regex(/^[0-9a-f]{7,40}$/),
  conditions: z.strictObject({
    processor: words,
    cores: z.number().int().positive(),
    memoryBytes: z.number().int().positive(),
    kernel: words,
    machines: words,
  }),
  versions: z.record(z.string(), z.string()),
  rounds: z
    .array(
      z.strictObject({
        topology: z.string().regex(/^\d\+\d$/),
        way: z.enum(['steps', 'kubeadm']),
        prepared: positive,
        milliseconds: positive,
        steps: z.array(
          z.strictObject({
            title: words,
            milliseconds: positive,
            ...{ transfer: time, waiting: time, machines: time, api: time },
          }),
        ),
        init: positive.optional(),
        joins: time.optional(),
        usable: positive,
      }),
    )
    .min(2),
  growth: z
    .array(
      z.strictObject({
        workers: z.number().int().positive(),
        milliseconds: positive,
      }),
    )
    .min(1),
  single: z
    .array(
      z.strictObject({ machine: positive, steps: positive, usable: positive }),
    )
    .min(1),
  // Not in recordings made before a second run was measured.
  again: z
    .array(
      z.strictObject({
        checked: z.boolean(),
        ...{ first: positive, second: positive },
      }),
    )
    .default([]),
})

const { versions } = loadCluster('cluster.yaml')

describe('the figures of the benchmark', () => {
  const text = readFileSync(join(recordedFolder, 'bench.json'), 'utf8')
  const bench = JSON.parse(text) as Results
  const again = 'measure it again: npm run bench'

  test('are whole', () => {
    expect(results.safeParse(bench).error?.issues ?? []).toEqual([])
    expect(results.safeParse({ ...bench, rounds: [] }).success).toBe(false)
  })

  test('are of the versions that are installed now', () => {
    expect(bench.versions, again).toEqual(versions)
  })

  test('have both ways to each cluster, as often the one as the other', () => {
    const times = (way: string) =>
      bench.rounds
        .filter((round) => round.way === way)
        .map(({ topology }) => topology)
        .toSorted()
    expect(times('steps')).toEqual(times('kubeadm'))
  })

  test('are of the steps that there are', () => {
    const now = stepFiles().map(
      ({ number, name }) => `${number} ${name.replaceAll('-', ' ')}`,
    )
    for (const { way, steps } of bench.rounds) {
      const measured = steps.map(({ title }) => title).toSorted()
      // The last step tries the cluster, which the clock does by itself.
      const wanted = way === 'steps' ? now.slice(0, -1) : []
      expect(measured, again).toEqual(wanted)
    }
  })
})

describe('what the faults did', () => {
  const recorded = readRecordedFaults()
  const again = 'record it again: KFS_RECORD=1 npm test'

  test('is recorded of every fault that is tried, and of no other', () => {
    const tried = faults.map(([fault]) => fault)
    const known = recorded?.faults.map(({ fault }) => fault)
    expect(known, again).toEqual(tried)
  })

  test('is within what a client may have to wait', () => {
    const most = new Map(faults.map(([fault, seconds]) => [fault, seconds]))
    for (const { fault, longestGapSeconds } of recorded?.faults ?? []) {
      expect(longestGapSeconds, fault).toBeLessThan(most.get(fault) ?? 0)
    }
  })

  test('is of the versions that are installed now', () => {
    expect(recorded?.versions, again).toEqual(versions)
  })
})
