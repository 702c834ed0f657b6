import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readRecordedFaults } from '../../commands/docs/faults.ts'
import { page, readPages } from '../../commands/docs/pages.ts'
import {
  fingerprints,
  type Recording,
  readRecordedPages,
  readRecording,
  recordedFolder,
  repository,
  sourcesOf,
} from '../../commands/docs/recorded.ts'
import { refuseSecrets } from '../../commands/docs/secrets.ts'
import { readRecordedVirtual } from '../../commands/docs/virtual.ts'
import { stepFiles } from '../../lib/steps.ts'
import endToEnd from '../../vitest.e2e.config.ts'
import { expectNone } from './at.ts'
import { outdated, unrecorded, unsaidByHand, wrongShape } from './recordings.ts'

const steps = stepFiles()
const recordings = steps.flatMap(({ number }) => readRecording(number) ?? [])
const others = readRecordedPages()
const faults = readRecordedFaults()
const virtual = readRecordedVirtual()

describe('what the site shows is what the code does', () => {
  test.each(steps)('$number $name is as recorded', ({ number, file }) => {
    const sources = fingerprints(sourcesOf(file))
    expectNone(outdated(number, sources, readRecording(number)))
  })

  const files = steps.flatMap(({ file }) => sourcesOf(file))
  const all = fingerprints([...new Set(files)])
  test('what ran on virtual machines, if it is recorded, is the same', () => {
    const recorded = existsSync(join(recordedFolder, 'vm.json'))
    expect(virtual !== undefined).toBe(recorded)
    if (virtual) expectNone(outdated('vm', all, virtual))
  })

  test('what CI does not run on virtual machines, pages do not claim', () => {
    const ci = ['.ci/run', 'test/run.ts', '.github/workflows/test.yml']
    for (const file of ci) {
      const text = readFileSync(join(repository, file), 'utf8')
      expect(text, file).not.toMatch(/test:vm|vitest\.vm/)
    }
    const { include, exclude } = endToEnd.test ?? {}
    expect({ include, exclude }).toEqual({
      include: ['test/e2e/**/*.test.ts'],
      exclude: ['test/e2e/vm.test.ts'],
    })
    const inCi = join(repository, 'test/e2e/power-cuts.test.ts')
    expect(readFileSync(inCi, 'utf8')).toContain('virtualMachines()')
    const pages = readPages()
    expect(pages.some(({ text }) => text.includes('test:vm'))).toBe(true)
    expectNone(pages.flatMap(unsaidByHand))
  })

  test('every recording is whole', () => {
    const own = recordings.map((it): [string, unknown] => [it.step, it])
    const more: [string, unknown][] = [
      ['pages', others],
      ...(faults ? [['faults', faults] as [string, unknown]] : []),
      ...(virtual ? [['vm', virtual] as [string, unknown]] : []),
    ]
    for (const [name, recorded] of [...own, ...more]) {
      expectNone(wrongShape(name, recorded))
    }
  })

  test('every block that a reader types has its output', () => {
    const missing = readPages().flatMap((page) =>
      unrecorded(page, recordings, others),
    )
    expectNone(missing)
  })

  test('no recording holds a key or a token', () => {
    for (const recorded of [...recordings, others, faults, virtual]) {
      const text = JSON.stringify(recorded ?? {}, null, 2)
      refuseSecrets('a recording', text, new Set())
    }
  })
})

describe('these checks can fail', () => {
  const sha256 = 'a'.repeat(64)
  const recorded: Recording = {
    step: '05',
    sources: { 'steps/05-etcd.ts': sha256 },
    recordedAt: '2026-11-23',
    commit: 'a76aabd89f9e',
    machines: 'container',
    topology: '1 control plane, 1 worker',
    versions: { etcd: '3.7.1' },
    milliseconds: 1,
    memoryBytes: 0,
    diskBytes: 0,
    ...{ plan: ['a'], apply: ['a'], verify: ['a'], undo: ['a'] },
    commands: { hostname: ['cp-1'] },
  }

  test('a step that has changed, has one module more, or was never run', () => {
    const { sources } = recorded
    expect(outdated('05', sources, recorded)).toEqual([])
    expect(
      outdated('05', { 'steps/05-etcd.ts': 'b', 'steps/b.ts': '' }, recorded),
    ).toEqual([
      expect.stringContaining('steps/05-etcd.ts is not what was recorded'),
      expect.stringContaining('steps/b.ts is not what was recorded'),
    ])
    expect(outdated('05', {}, recorded)).toHaveLength(1)
    expect(outdated('05', sources, undefined)).toEqual([
      expect.stringContaining('05.json is missing'),
    ])
  })

  test('virtual machines that ran other steps', () => {
    const { sources } = recorded
    const [path = ''] = Object.keys(sources)
    expect(outdated('vm', sources, { sources })).toEqual([])
    expect(outdated('vm', { ...sources, [path]: 'b' }, { sources })).toEqual([
      expect.stringContaining('KFS_RECORD=1 npm run test:vm'),
    ])
  })

  test('a page that claims what is run by hand', () => {
    const errors = (text: string) => unsaidByHand(page('a.md', text))
    expect(errors('`npm run test:vm`, which is\nnot tested by CI')).toEqual([])
    expect(errors('It is not tested by CI.\n\n`test:vm` is.')).toHaveLength(1)
    expect(errors('| `test:vm` |\n| not tested by CI |')).toHaveLength(1)
  })

  test('a recording without a field, or with none in it', () => {
    expect(wrongShape('05', recorded)).toEqual([])
    const { verify: _, ...less } = recorded
    const wrong = { ...less, undo: [], commit: 'main' }
    expect(wrongShape('05', wrong).sort()).toEqual([
      expect.stringContaining('05.json: commit'),
      expect.stringContaining('05.json: undo'),
      expect.stringContaining('05.json: verify'),
    ])
    expect(wrongShape('pages', undefined)).toHaveLength(1)
    expect(wrongShape('faults', undefined)).toHaveLength(1)
  })

  test('a fault that lost a write', () => {
    const { recordedAt, commit, machines, topology, versions } = recorded
    const fault = {
      ...{ fault: 'a', seen: 'b', seconds: 1, longestGapSeconds: 1 },
      ...{ acknowledged: 2, lost: 1 },
    }
    const about = { recordedAt, commit, machines, topology, versions }
    expect(wrongShape('faults', { ...about, faults: [fault] })).toEqual([
      expect.stringContaining('faults.json: faults.0.lost'),
    ])
  })

  test('a block without output', () => {
    const block = (path: string, text: string) =>
      page(path, `\`\`\`sh [here]\n${text}\n\`\`\``)
    const errors = (path: string, text: string) =>
      unrecorded(block(path, text), [recorded], {
        ...{ recordedAt: '', commit: '' },
        pages: { 'a.md': { date: [] } },
      })
    expect(errors('steps/05-etcd.md', 'hostname')).toEqual([])
    expect(errors('a.md', 'date')).toEqual([])
    for (const [path, text] of [
      ['steps/05-etcd.md', 'date'],
      ['steps/06-api-server.md', 'hostname'],
      ['a.md', 'hostname'],
      ['b.md', 'date'],
    ] as const) {
      expect(errors(path, text)).toEqual([
        expect.stringContaining(`docs/${path}:1: no output is recorded`),
      ])
    }
  })
})

test('a step is its file and the modules below steps/ that it imports', () => {
  const smoke = steps.find(({ number }) => number === '14')
  const sources = sourcesOf(String(smoke?.file))
  expect(sources[0]).toBe('steps/14-smoke-test.ts')
  expect(sources).toContain('steps/smoke-test/workloads.ts')
  expect(sources.filter((path) => !path.startsWith('steps/'))).toEqual([])
})
