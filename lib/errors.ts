/**
 * A failure that a reader can act on: it is printed as it is, without a
 * stack trace.
 */
export class GuideError extends Error {
  override name = 'GuideError'

  /** What to look at or run next, one line each. */
  readonly next: readonly string[]

  constructor(message: string, next: readonly string[] = [], cause?: unknown) {
    super(message, { cause })
    this.next = next
  }
}

/** A command on a machine that ended with an exit code other than 0. */
export class CommandError extends GuideError {
  override name = 'CommandError'
  readonly code: number
  readonly stderr: string

  constructor(
    what: { machine: string; paste: string; code: number; stderr: string },
    next: readonly string[] = [],
  ) {
    const tail = what.stderr.trimEnd().split('\n').slice(-8).join('\n    ')
    super(
      [
        `${what.machine}: a command failed with exit code ${what.code}`,
        `  to run it again by hand:\n    ${indent(what.paste)}`,
        tail && `  end of stderr:\n    ${tail}`,
      ]
        .filter(Boolean)
        .join('\n'),
      [...next, ...advice(what.stderr)],
    )
    this.code = what.code
    this.stderr = what.stderr
  }
}

/**
 * Renders any error for a terminal: the message, then what to do next. Only
 * an error that nobody foresaw shows its stack.
 *
 * @example
 * process.stderr.write(renderError(error))
 */
export function renderError(error: unknown): string {
  if (error instanceof GuideError) {
    const next = error.next.map((line) => `  → ${line}`)
    return [error.message, ...next].join('\n')
  }
  if (error instanceof AggregateError) {
    return error.errors.map(renderError).join('\n')
  }
  // An assertion of a check is its message; where it stands adds nothing.
  if (error instanceof Error && error.name === 'AssertionError') {
    return error.message.trim()
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

function indent(text: string): string {
  return text.split('\n').join('\n    ')
}

function advice(stderr: string): string[] {
  if (/No space left on device/.test(stderr)) {
    return ['the disk is full: `df -h` and `df -i` on that machine tell which']
  }
  if (/Read-only file system/.test(stderr)) {
    return ['a file system is read-only: `dmesg | tail` tells why']
  }
  return []
}
