/** Where a command tells how far it is. */
export interface Screen {
  /** Whether a line can be replaced. */
  readonly live: boolean
  /** Prints text for good. */
  print(text: string): void
  /** Replaces the last line until something is printed; '' removes it. */
  show(line: string): void
}

interface Stream {
  write(text: string): unknown
  isTTY?: boolean
  columns?: number
}

const clearLine = '\r\u001b[K'

/**
 * A screen on a stream: with a line that changes on a terminal, with plain
 * lines anywhere else.
 *
 * @example
 * const screen = screenOn(process.stdout)
 * screen.show('… 05 etcd  3 s')
 * screen.print('✓ 05 etcd  4.1 s  12 changed')
 */
export function screenOn(stream: Stream): Screen {
  const live = Boolean(stream.isTTY)
  let shown = ''
  const clear = () => (shown ? clearLine : '')
  return {
    live,
    print(text) {
      stream.write(`${clear()}${text}\n`)
      shown = ''
    },
    show(line) {
      if (!live || line === shown) return
      // A line that wraps could not be cleared.
      const width = (stream.columns || 80) - 1
      stream.write(`${clear()}${[...line].slice(0, width).join('')}`)
      shown = line
    },
  }
}
