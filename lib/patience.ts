import {
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { GuideError } from './errors.ts'
import { quote } from './shell.ts'

const file = 'patience'

let factor = 1

/**
 * How long to wait for what takes `seconds` on a machine of usual speed.
 * Slow machines, such as emulated ones, get a multiple of it.
 *
 * @param seconds on a machine of usual speed
 * @returns seconds to wait at most, a whole number
 * @example
 * usePatience(state.directory)
 * patient(60) // 60, or 720 where the machines are 12 times slower
 */
export function patient(seconds: number): number {
  return Math.ceil(seconds * factor)
}

/**
 * How long to pause before looking again. To look costs a slow machine more,
 * and a program that starts has to have time in between.
 *
 * @param seconds on a machine of usual speed; default a tenth
 * @returns seconds to pause, at most two
 * @example
 * await sleep(pause() * 1000)
 */
export function pause(seconds = 0.1): number {
  return Math.min(2, factor * seconds)
}

/**
 * Has {@link patient} wait as the state folder of a cluster says.
 *
 * @throws {GuideError} when the file holds no number
 * @example
 * usePatience(state.directory)
 */
export function usePatience(directory: string): void {
  factor = readPatience(directory)
}

/**
 * The factor in a cluster's state folder: what the lab measured when the
 * machines booted, or what you wrote there for slow machines of your own.
 *
 * @returns at least 1; 1 where there is no such file
 * @throws {GuideError} when the file holds no number
 * @example
 * readPatience(state.directory) // 12, on emulated machines
 */
export function readPatience(directory: string): number {
  const path = join(directory, file)
  if (!existsSync(path)) return 1
  const text = readFileSync(path, 'utf8').trim()
  const found = Number(text)
  if (text && found >= 1 && found <= 1000) return found
  throw new GuideError(
    `${path} says how many times longer than usual to wait; found ` +
      `${JSON.stringify(text)}, allowed: a number from 1 to 1000`,
    [`correct it, or forget it: rm ${quote(path)}`],
  )
}

/**
 * Writes the factor, with one digit after the point.
 *
 * @example
 * writePatience(state.directory, 11.96) // the file says 12
 */
export function writePatience(directory: string, measured: number): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const text = `${Math.round(measured * 10) / 10}\n`
  writeFileSync(join(directory, file), text, { mode: 0o600 })
}

/**
 * Forgets the factor, with the machines that were measured.
 *
 * @example
 * removePatience(state.directory)
 */
export function removePatience(directory: string): void {
  rmSync(join(directory, file), { force: true })
}
