import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { resultOf } from '../../commands/shared/run-steps.ts'
import { stepFiles } from '../../lib/steps.ts'
import { drillsOfSteps, provenIn } from '../e2e/faults/drills.ts'

describe('the drills of all steps', () => {
  test('are found in every step that takes `drill`, and in no other', () => {
    const withDrill = stepFiles()
      .filter(({ file }) =>
        /\bdrill\b[^}]*\} =\s+await step/.test(readFileSync(file, 'utf8')),
      )
      .map(({ number }) => number)
    expect(withDrill).toContain('05')
    expect(Object.keys(drillsOfSteps()).sort()).toEqual(withDrill)
    expect(drillsOfSteps()).toMatchObject({ '05': 1, '14': 2 })
  })

  test('are counted where they were proven, and nowhere else', () => {
    const none = { changes: 0, looked: 0, verified: 0, notApplicable: 0 }
    const said = (more: object) =>
      resultOf('drill', { ...none, failed: 0, ...more })
    const printed = [
      `✓ 04 kubeconfigs    0.2 s  ${said({})}`,
      `✓ 05 etcd           1.2 s  ${said({ verified: 1 })}`,
      `✓ 06 api server     1.2 s  ${said({ notApplicable: 1 })}`,
      `✗ 07 controllers    1.2 s  ${said({ verified: 1, failed: 1 })}`,
      `✓ 14 smoke test    61.2 s  ${said({ verified: 2 })}`,
      `5 steps  65.0 s  ${said({ verified: 4 })}`,
    ]
    expect(provenIn(printed.join('\n'))).toEqual({ '05': 1, '14': 2 })
  })
})
