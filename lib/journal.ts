import { createHash } from 'node:crypto'
import { diff } from 'node:util'
import type { FileState } from './host.ts'

/** What one block did, or would do, on one machine. */
export interface Journal {
  /** Things looked at, changed or not. */
  looked: number
  /** What changed, in the order it did. */
  changes: string[]
  /** Under `--plan`: the change in detail, a line each. */
  details: string[]
}

/**
 * An empty journal.
 *
 * @example
 * machine.journal = journal()
 * await machine.file('/etc/hosts', text)
 * machine.journal.changes // ['/etc/hosts'], or nothing
 */
export function journal(): Journal {
  return { looked: 0, changes: [], details: [] }
}

/**
 * Renders what writing a file would change, as the lines of a diff. A file
 * that not everybody may read, or could until now, is a secret: only its
 * fingerprint is shown.
 *
 * @example
 * fileDiff('/etc/hosts', before, after)
 */
export function fileDiff(
  path: string,
  before: FileState | undefined,
  after: FileState,
): string[] {
  const lines = [`${before ? 'change' : 'create'} ${path}`]
  const access = (file: FileState) => `${file.mode.toString(8)} ${file.owner}`
  if (!before) lines.push(`  + ${access(after)}`)
  else if (access(before) !== access(after)) {
    lines.push(`  - ${access(before)}`, `  + ${access(after)}`)
  }
  if (before?.content === after.content) return lines
  if ([before, after].some((file) => file && (file.mode & 0o004) === 0)) {
    if (before) lines.push(`  - secret ${fingerprint(before.content)}`)
    lines.push(`  + secret ${fingerprint(after.content)}`)
    return lines
  }
  const old = before ? before.content.split('\n') : []
  for (const [operation, line] of diff(old, after.content.split('\n'))) {
    // The operation that turns the second into the first, so -1 is an
    // insertion of ours.
    if (operation !== 0) lines.push(`  ${operation < 0 ? '+' : '-'} ${line}`)
  }
  return lines
}

function fingerprint(content: string): string {
  const sum = createHash('sha256').update(content).digest('hex')
  return `sha256:${sum.slice(0, 16)}…`
}
