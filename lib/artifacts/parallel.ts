import { UnavailableError } from './errors.ts'

/**
 * Makes a queue that runs so many tasks at once.
 *
 * @example
 * const oneByOne = atMost(1)
 * await Promise.all(names.map((name) => oneByOne(() => fetch(name))))
 */
export function atMost(count: number) {
  let running = 0
  const waiting: (() => void)[] = []
  return async <T>(task: () => Promise<T>): Promise<T> => {
    if (running >= count) {
      await new Promise<void>((resolve) => waiting.push(resolve))
    } else running++
    try {
      return await task()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else running--
    }
  }
}

/** How tasks that ran together ended. */
export interface Outcome<T> {
  results: T[]
  /** Those that found something to be unavailable. */
  failures: UnavailableError[]
}

/**
 * Runs tasks together. What is unavailable to one does not touch the others;
 * any other failure stops them all.
 *
 * @throws the failure that stopped them, when all have ended
 * @example
 * await together(names.map((name) => (stop) => fetchFile(name, stop)))
 */
export async function together<T>(
  tasks: readonly ((signal: AbortSignal) => Promise<T>)[],
  signal: AbortSignal,
): Promise<Outcome<T>> {
  const stop = new AbortController()
  const either = AbortSignal.any([signal, stop.signal])
  const failures: UnavailableError[] = []
  const results: { at: number; value: T }[] = []
  await Promise.all(
    tasks.map(async (task, at) => {
      try {
        results.push({ at, value: await task(either) })
      } catch (error) {
        if (error instanceof UnavailableError) failures.push(error)
        else stop.abort(error)
      }
    }),
  )
  stop.signal.throwIfAborted()
  signal.throwIfAborted()
  results.sort((one, other) => one.at - other.at)
  return { results: results.map(({ value }) => value), failures }
}

/**
 * One error for several that say the same or nearly so.
 *
 * @example
 * if (failures.length) throw unavailable(failures)
 */
export function unavailable(failures: readonly UnavailableError[]) {
  const messages = [...new Set(failures.map(({ message }) => message))]
  const shown = messages.slice(0, 3).join('\n    ')
  const more =
    messages.length > 3 ? `\n    and ${messages.length - 3} more` : ''
  const next = [...new Set(failures.flatMap((failure) => failure.next))]
  return new UnavailableError(shown + more, next)
}
