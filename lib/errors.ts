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
      nextAfter(what, next),
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

function nextAfter(
  { machine, stderr }: { machine: string; stderr: string },
  given: readonly string[],
): string[] {
  const known = advice.filter(([said]) => said.test(stderr))
  const next = [...given, ...known.map(([, what]) => what)]
  if (next.length > 0) return next
  return [`what else happened there: journalctl --since -5min, on ${machine}`]
}

/** What to look at, by what a program said. */
const advice: [RegExp, string][] = [
  [
    /No space left on device/,
    'the disk is full: `df -h` and `df -i` on that machine tell which',
  ],
  [
    /Read-only file system/,
    'a file system is read-only: `dmesg | tail` tells why',
  ],
  [
    /command not found/,
    'a program is missing: npx zx steps/02-node-spec.ts --verify says which',
  ],
  [
    /curl: \((7|52|56)\)/,
    'nothing answers there: `systemctl --failed`, then journalctl -u UNIT',
  ],
  [
    /curl: \(28\)/,
    'no answer in time: `uptime` tells whether the machine has too much to do',
  ],
  [
    /curl: \((35|58|60)\)|certificate/,
    'a certificate is refused: npx zx steps/03-certificates.ts --verify',
  ],
]
