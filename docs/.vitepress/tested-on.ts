import { readRecordedVirtual } from '../../commands/docs/virtual.ts'
import type { Recording } from './recorded.ts'
import { escapeHtml } from './tags.ts'

interface Run {
  recordedAt: string
  commit: string
  where: string
}

/** Which runs of a step its page speaks of, and with what versions. */
export function testedOn(recording: Recording, reader: 'html' | 'text') {
  const { topology, machines, versions } = recording
  const virtual = readRecordedVirtual()
  const runs: Run[] = [
    { ...recording, where: `${topology} (${machines}s)` },
    ...(virtual ? [{ ...virtual, where: whereOf(virtual) }] : []),
  ]
  const installed = Object.entries(versions)
    .map((component) => component.join(' '))
    .join(', ')
  if (reader === 'text') {
    const lines = runs.map(
      ({ recordedAt, commit, where }) =>
        `- Tested: ${recordedAt} on ${where}, commit ${short(commit)}`,
    )
    return [...lines, `- Tested with: ${installed}`].join('\n')
  }
  const lines = [...runs.map(html), `with ${installed}`]
  return `<p class="tested-on">${lines.join('<br>')}</p>`
}

function html({ recordedAt, commit, where }: Run): string {
  return [
    '<strong>Tested</strong>',
    `<time datetime="${recordedAt}">${recordedAt}</time>`,
    `on ${escapeHtml(where)}, commit <code>${short(commit)}</code>`,
  ].join(' ')
}

function whereOf(
  virtual: NonNullable<ReturnType<typeof readRecordedVirtual>>,
): string {
  const { topology, system, kernel, processor } = virtual
  return `${topology} (virtual machines by ${processor}: ${system}, kernel ${kernel})`
}

/** As git shortens it; that the code had changed since stays. */
function short(commit: string): string {
  return commit.replace(/^(\w{7})\w+/, '$1')
}
