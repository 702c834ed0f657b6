import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { atLeast, modules } from '../../lab/host-settings.ts'
import { checks } from '../../lib/node-spec.ts'
import { stepFiles } from '../../lib/steps.ts'

// Step 02 says what a machine needs of its kernel, and shows it where it is
// set. The check asks for the same, and a lab brings it for containers.

const step = readFileSync(
  stepFiles().find(({ number }) => number === '02')?.file ?? '',
  'utf8',
)
const [, modulesOfStep = ''] = /^const modules = {\n(.*?)^}/ms.exec(step) ?? []
const [, sysctlsOfStep = ''] = /^const sysctls = {\n(.*?)^}/ms.exec(step) ?? []

const wanted = (id: string) => checks.find((it) => it.id === id)?.wanted ?? ''

describe('what the node spec needs of the kernel', () => {
  test('is the same modules in the step, in its check and in the lab', () => {
    const named = [...modulesOfStep.matchAll(/^ {2}(\w+): '/gm)]
    const inStep = named.map(([, name]) => name).sort()
    expect(inStep).toContain('overlay')
    expect(wanted('modules').split(', ').sort()).toEqual(inStep)
    expect([...modules].sort()).toEqual(inStep)
  })

  test('is the same limits in the step, in its check and in the lab', () => {
    const set = [...sysctlsOfStep.matchAll(/^ {2}'(fs[\w.]+)': ([\d_]+),/gm)]
    const inStep = Object.fromEntries(
      set.map(([, name, value = '']) => [name, Number(value.replace('_', ''))]),
    )
    expect(Object.keys(inStep)).toHaveLength(2)
    expect(atLeast).toEqual(inStep)
    const inCheck = Object.entries(inStep).map((pair) => pair.join(' ≥ '))
    expect(wanted('inotify')).toBe(inCheck.join(', '))
  })
})
