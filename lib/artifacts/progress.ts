/** What obtaining artifacts tells while it works. */
export type ArtifactEvent =
  | { kind: 'note'; text: string }
  | { kind: 'ready'; text: string }
  | {
      kind: 'progress'
      what: string
      done: number
      /** Absent where nobody said how much it will be. */
      total?: number
      unit: 'bytes' | 'packages'
    }

/** Is told of everything that happens on the way to an artifact. */
export type Report = (event: ArtifactEvent) => void

interface Screen {
  write(text: string): unknown
  isTTY?: boolean
  columns?: number
}

/**
 * Prints the progress of artifacts: on a terminal one line that is written
 * over, elsewhere a plain line for each thing every ten seconds.
 *
 * @param screen default stderr, so that stdout stays clean for results
 * @param now milliseconds; a test puts its own clock here
 * @example
 * await prepareAll(cluster, 'amd64', { report: printProgress() })
 */
export function printProgress(
  screen: Screen = process.stderr,
  now: () => number = Date.now,
): Report {
  const running = new Map<string, string>()
  const printed = new Map<string, number>()
  let drawn = 0

  return (event) => {
    if (event.kind !== 'progress') {
      running.clear()
      const sign = event.kind === 'ready' ? '✓' : '·'
      screen.write(`${screen.isTTY ? clearLine : ''}  ${sign} ${event.text}\n`)
      return
    }
    const line = describe(event)
    if (screen.isTTY) {
      if (event.done === event.total) running.delete(event.what)
      else running.set(event.what, line)
      if (now() - drawn < 100) return
      drawn = now()
      const text = `  ${[...running.values()].join(', ')}`
      const width = (screen.columns ?? 80) - 1
      screen.write(clearLine + text.slice(0, width))
    } else if (now() - (printed.get(event.what) ?? now()) >= 10_000) {
      printed.set(event.what, now())
      screen.write(`    ${line}\n`)
    } else if (!printed.has(event.what)) printed.set(event.what, now())
  }
}

const clearLine = '\r\u001b[K'

function describe({
  what,
  done,
  total,
  unit,
}: Extract<ArtifactEvent, { kind: 'progress' }>): string {
  if (unit === 'packages') return `${what} ${done} packages compiled`
  if (!total) return `${what} ${megabytes(done)}`
  return `${what} ${Math.floor((100 * done) / total)} % of ${megabytes(total)}`
}

/**
 * Renders a size for people.
 *
 * @param bytes
 * @example
 * megabytes(91_975_842) // '92 MB'
 */
export function megabytes(bytes: number): string {
  const value = bytes / 1e6
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} MB`
}
