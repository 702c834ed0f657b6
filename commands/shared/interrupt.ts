import { GuideError } from '../../lib/errors.ts'

/** What a command ends with after Ctrl-C. */
export class Interrupted extends GuideError {
  override name = 'Interrupted'
}

/**
 * A signal that is aborted by Ctrl-C, by `kill` and when the terminal goes
 * away. A second Ctrl-C ends the process at once.
 */
export function interruption(): AbortSignal {
  const controller = new AbortController()
  let since = 0
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (!controller.signal.aborted) {
        since = performance.now()
        controller.abort()
      }
      // npm passes on the Ctrl-C that the terminal has sent us already.
      if (performance.now() - since > 1000) process.exit(130)
    })
  }
  return controller.signal
}

/**
 * Rejects when the signal is aborted, for work that knows no signal.
 *
 * @throws {Interrupted}
 */
export function interrupted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = () => reject(new Interrupted('Interrupted'))
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
  })
}
