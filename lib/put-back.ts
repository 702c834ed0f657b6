import { GuideError, renderError } from './errors.ts'

/** Puts one thing back that a drill disturbed. */
export type Restore = () => Promise<unknown>

/** What a drill has disturbed so far. */
export interface Disturbed {
  /** Notes how to put something back, before it is disturbed. */
  add(restore: Restore): void
  /**
   * Puts all back, last first, each whatever becomes of the others. Called
   * again while it is at it, it waits for the same end.
   *
   * @returns what could not be put back
   */
  putBack(): Promise<GuideError[]>
}

/**
 * Remembers what is to be put back.
 *
 * @example
 * const disturbed = noneDisturbed()
 * disturbed.add(() => machine.run`systemctl start etcd`)
 * const errors = await disturbed.putBack()
 */
export function noneDisturbed(): Disturbed {
  const left: Restore[] = []
  let running: Promise<GuideError[]> | undefined
  const all = async () => {
    const errors: GuideError[] = []
    for (let next = left.pop(); next; next = left.pop()) {
      await next().catch((error) => errors.push(notPutBack(error)))
    }
    return errors
  }
  return {
    add: (restore) => left.push(restore),
    putBack() {
      running ??= all().finally(() => {
        running = undefined
      })
      return running
    },
  }
}

function notPutBack(error: unknown): GuideError {
  return new GuideError(
    `Not put back, and left disturbed:\n${renderError(error)}`,
    [],
    error,
  )
}
