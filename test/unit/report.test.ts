import { describe, expect, test } from 'vitest'
import { machineLine, planLines, seconds } from '../../lib/report.ts'

const journal = (changes: string[], looked = 7) => {
  return { changes, looked, details: changes.map((it) => `do ${it}`) }
}

describe('the line of a machine', () => {
  test('tells how much was looked at when nothing had to change', () => {
    expect(machineLine('cp-1', journal([]), 1234)).toBe(
      '  ✓ cp-1  1.2 s  ok (7 checked)',
    )
  })

  test('names what changed', () => {
    expect(machineLine('cp-1', journal(['a', 'b']), 50)).toBe(
      '  ✓ cp-1  0.1 s  changed: a, b',
    )
  })

  test('counts what would not fit', () => {
    const six = ['a', 'b', 'c', 'd', 'e', 'f']
    expect(machineLine('cp-1', journal(six), 0)).toBe(
      '  ✓ cp-1  0.0 s  changed: a, b, c, d and 2 more',
    )
  })
})

describe('the plan of a machine', () => {
  test('is one line when there is nothing to change', () => {
    expect(planLines('cp-1', journal([]))).toBe('  cp-1: nothing to change')
  })

  test('has the details below the name', () => {
    expect(planLines('cp-1', journal(['a', 'b']))).toBe(
      '  cp-1:\n    do a\n    do b',
    )
  })
})

test('time is told in seconds, to a tenth', () => {
  expect([0, 49, 50, 12_345].map(seconds)).toEqual([
    ...['0.0 s', '0.0 s', '0.1 s', '12.3 s'],
  ])
})
