import { setTimeout as sleep } from 'node:timers/promises'
import { takeLock } from '../lib/lock.ts'

/**
 * Takes the lock of a folder, and waits while another process has it.
 *
 * @param seconds how long at most; default 300
 * @returns a function that gives it back
 * @throws {GuideError} with who holds it
 */
export async function waitForLock(
  folder: string,
  seconds = 300,
): Promise<() => void> {
  const end = performance.now() + seconds * 1000
  while (true) {
    try {
      return takeLock(folder)
    } catch (error) {
      if (performance.now() > end) throw error
    }
    await sleep(200)
  }
}
