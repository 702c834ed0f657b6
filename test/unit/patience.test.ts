import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, test } from 'vitest'
import {
  patient,
  pause,
  readPatience,
  removePatience,
  usePatience,
  writePatience,
} from '../../lib/patience.ts'

const folder = mkdtempSync(join(tmpdir(), 'kfs-patience-'))
const file = join(folder, 'patience')
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(() => {
  removePatience(folder)
  usePatience(folder)
})

test('machines of usual speed are waited for as long as is said', () => {
  usePatience(folder)
  expect(patient(60)).toBe(60)
  expect(pause()).toBe(0.1)
  expect(pause(0.3)).toBe(0.3)
})

test('slow machines are waited for as many times longer as was measured', () => {
  writePatience(folder, 12.34)
  expect(readPatience(folder)).toBe(12.3)
  usePatience(folder)
  expect(patient(60)).toBe(738)
  expect(patient(0.5)).toBe(7)
  expect(pause()).toBeCloseTo(1.23)
  expect(pause(0.3)).toBe(2)
  expect(statSync(file).mode & 0o777).toBe(0o600)
})

test.each(['', 'much', '0.5', '-3', '1e9', 'NaN'])(
  'a factor that is none is refused, with where it stands: %j',
  (text) => {
    writeFileSync(file, text)
    expect(() => readPatience(folder)).toThrow(`${file} says how many times`)
  },
)
