import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { kubeadmSettings } from '../../commands/shared/bench-kubeadm.ts'
import { programsOfSteps } from '../../commands/shared/bench-machines.ts'
import {
  compare,
  median,
  type Results,
  type Round,
  report,
  stepMedians,
} from '../../commands/shared/bench-results.ts'
import { benchTable } from '../../docs/.vitepress/tables/BenchTable.ts'
import { type Cluster, loadCluster } from '../../lib/cluster.ts'
import { stepFiles } from '../../lib/steps.ts'

const nothing = { transfer: 0, waiting: 0, machines: 0, api: 0 }

function round(way: Round['way'], milliseconds: number, more = {}): Round {
  const none = { prepared: 2000, steps: [], usable: 500 }
  return { topology: '1+2', way, milliseconds, ...none, ...more }
}

const rounds = [
  round('steps', 12_000, {
    steps: [{ ...nothing, title: '05 etcd', milliseconds: 3000, waiting: 900 }],
  }),
  round('kubeadm', 30_000, { init: 10_000, joins: 12_000 }),
  round('kubeadm', 20_000, { init: 9000, joins: 10_000 }),
  round('steps', 14_000, {
    prepared: 4000,
    steps: [{ ...nothing, title: '05 etcd', milliseconds: 5000, waiting: 100 }],
  }),
]

const results: Results = {
  recordedAt: '2026-01-02',
  commit: 'abc1234',
  conditions: {
    processor: 'A|B <fast>',
    cores: 2,
    memoryBytes: 24 * 2 ** 30,
    kernel: '6.1.0',
    machines: 'container',
  },
  versions: { kubernetes: '1.37.1' },
  rounds,
  growth: [{ workers: 8, milliseconds: 9000 }],
  single: [{ machine: 3000, steps: 15_000, usable: 2000 }],
  again: [{ checked: true, first: 40_000, second: 6000 }],
}

describe('the median', () => {
  test('is the middle one, by size and not by order or letters', () => {
    expect(median([10, 9, 100])).toBe(10)
  })

  test('of an even number is halfway between two', () => {
    expect(median([4, 1, 2, 10])).toBe(3)
  })

  test('of nothing is refused', () => {
    expect(() => median([])).toThrow('the median of nothing')
  })
})

describe('the comparison', () => {
  test('is between medians, as a part of the time of kubeadm', () => {
    const [found] = compare(rounds)
    expect(found).toMatchObject({ steps: 13_000, kubeadm: 25_000, rounds: 2 })
    expect(found?.ratio).toBeCloseTo(0.52)
  })

  test('also has our time with all that was done before the clock', () => {
    const [found] = compare(rounds)
    expect(found?.whole).toBe(16_000)
  })

  test('leaves out a topology that was built in one way only', () => {
    expect(compare([round('steps', 1)])).toEqual([])
  })

  test('keeps topologies apart', () => {
    const large = { topology: '3+2' }
    const more = [round('steps', 9, large), round('kubeadm', 90, large)]
    const found = compare([...rounds, ...more])
    expect(found.map(({ topology, kubeadm }) => [topology, kubeadm])).toEqual([
      ['1+2', 25_000],
      ['3+2', 90],
    ])
  })
})

test('a step has the medians of its rounds', () => {
  expect(stepMedians(rounds)).toEqual([
    { ...nothing, title: '05 etcd', milliseconds: 4000, waiting: 500 },
  ])
})

describe('the report', () => {
  test('has every round, the ratio, and the parts that ran', () => {
    const text = report(results)
    expect(text).toMatch(
      /^1\+2 +kubeadm +2\.0 s +30\.0 s +init 10\.0 s, joins 12/m,
    )
    expect(text).toMatch(/^1\+2 +2 +13\.0 s +25\.0 s +0\.52 +16\.0 s/m)
    expect(text).toContain('Growth')
    expect(text).toMatch(/^with +40\.0 s +6\.0 s +0\.15$/m)
  })

  test('leaves out the parts that did not run', () => {
    const text = report({ ...results, rounds: [], growth: [], again: [] })
    expect(text).not.toMatch(/Growth|Medians|Every round|again/)
    expect(text).toMatch(/3\.0 s +15\.0 s +2\.0 s +20\.0 s/)
  })
})

describe('the page', () => {
  test('says under which conditions it was measured', () => {
    const text = benchTable(results, { part: 'conditions' })
    expect(text).toContain('2026-01-02, commit abc1234')
    expect(text).toContain('24.0 GiB')
    expect(text).toContain('A\\|B &lt;fast>')
  })

  test('has the steps of the topology that is asked for, and no other', () => {
    const of = (topology: string) =>
      benchTable(results, { part: 'steps', topology })
    expect(of('1+2')).toContain('05 etcd')
    expect(of('3+2')).toContain('Not recorded yet')
  })

  test('refuses a part that it does not know', () => {
    expect(() => benchTable(results, { part: 'sizes' })).toThrow('named sizes')
  })
})

describe('kubeadm', () => {
  const cluster: Cluster = loadCluster('cluster.yaml')
  const documents = (name: string, cgroup = 2) => {
    const machine = cluster.machines.find((it) => it.name === name)
    return kubeadmSettings(cluster, machine as never, cgroup) as {
      kind: string
      controlPlane?: object
      failCgroupV1?: boolean
    }[]
  }
  const kinds = (name: string) => documents(name).map(({ kind }) => kind)

  test('begins on the first control plane, and all others join', () => {
    expect(kinds('cp-1')).toContain('InitConfiguration')
    expect(kinds('cp-2')).toEqual(['JoinConfiguration'])
    expect(documents('cp-2')[0]?.controlPlane).toBeDefined()
    expect(documents('worker-1')[0]?.controlPlane).toBeUndefined()
  })

  test('is told of cgroup v1 where machines have it, and only there', () => {
    const told = (cgroup: number) =>
      documents('cp-1', cgroup).some((it) => it.failCgroupV1 === false)
    expect([told(1), told(2)]).toEqual([true, false])
  })
})

test('programs in place before the clock are those the steps install', () => {
  const found = { install: [] as string[], images: [] as string[] }
  for (const { file, number } of stepFiles()) {
    if (number === '09') continue
    const text = readFileSync(file, 'utf8')
    for (const [, verb, names] of text.matchAll(
      /machine\.(install|images)\(\[([^\]]+)\]/g,
    ))
      found[verb as 'install'].push(...((names ?? '').match(/[\w-]+/g) ?? []))
  }
  const { controlPlane, everywhere, images } = programsOfSteps
  expect(found.install.toSorted()).toEqual(
    [...controlPlane, ...everywhere].toSorted(),
  )
  expect(found.images.toSorted()).toEqual(images)
})
