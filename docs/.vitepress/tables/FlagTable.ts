import { basename } from 'node:path'
import type { FlagSection } from '../../../test/reference/flags.ts'
import { code, plain, prose, table } from '../data/markdown.ts'
import { reference, step } from '../data/reference.ts'

/**
 * What we set in one place: value, reason, default, and what the component
 * says of it.
 *
 * @param attributes `of`: a program for its flags, the name of a file for its
 * fields, or `systemd` for the directives of all units
 */
export function FlagTable({ of }: { of: string }): string {
  const all = reference('flags')
  if (of === 'systemd') return directives(all)
  const section = all.find(
    ({ source, kind }) =>
      kind !== 'unit' && basename(source).replace(/.*, /, '') === of,
  )
  if (!section) throw new Error(`nothing is set in ${of}`)
  const { kind, settings, source, asked, reason } = section
  const says = (asked ?? '').replace(/ .*/, '')
  const place = kind === 'flags' ? `unit of ${code(source)}` : code(source)
  const origin = asked ? `; defaults and quoted text are of ${asked}` : ''
  return [
    `Set by step ${step(section.step)} in the ${place}${origin}.`,
    ...(reason ? ['', prose(reason)] : []),
    '',
    ...settings.map((one) => {
      const name = code(kind === 'flags' ? `--${one.name}` : one.name)
      const value = one.value === '' ? '' : ` ${shownValue(one)}`
      const said = one.says && `<small>${says}: “${plain(one.says)}”</small>`
      return [
        `- **${name}**${value}<br>`,
        `  ${prose(one.reason)}${one.deprecated ? ' **Deprecated.**' : ''}`,
        ...(asked ? defaultOf(one, kind) : []),
        // Whose words they are is seen at a glance: no line has both.
        ...(said ? [`  <br>${said}`] : []),
      ].join('\n')
    }),
  ].join('\n')
}

type Entry = FlagSection['settings'][number]

function shownValue({ value, on, only, differs }: Entry): string {
  const notes = [
    ...(differs ? ['differs by machine'] : []),
    ...(on ? [on] : []),
    ...(only ? [only.replace(/^containers$/, 'containers only')] : []),
  ]
  // Long lists break at their commas.
  const parts = value.length > 40 ? value.split(/(?<=,)(?!")/) : [value]
  const text = `= ${parts.map(code).join(' ')}`
  return notes.length > 0 ? `${text}, ${notes.join(', ')}` : text
}

/** Of a flag the help tells all; that a field has none, nobody has said. */
function defaultOf(entry: Entry, kind: FlagSection['kind']): string[] {
  const value = entry.default
  if (value === undefined) return kind === 'flags' ? ['  Default: none.'] : []
  const empty = value === '' || value === '""'
  return [`  Default: ${empty ? 'empty' : code(value)}.`]
}

/** Directives that units share are one row. */
function directives(all: readonly FlagSection[]): string {
  const rows = new Map<string, { cells: string[]; units: string[] }>()
  for (const { kind, source, settings } of all) {
    if (kind !== 'unit') continue
    for (const { name, value, reason } of settings) {
      const key = [name, value, reason].join('\0')
      const row = rows.get(key) ?? {
        cells: [code(`${name.replace(/.*\./, '')}=${value}`), prose(reason)],
        units: [],
      }
      row.units.push(basename(source, '.service'))
      rows.set(key, row)
    }
  }
  return table(
    ['Directive', 'Why', 'Units'],
    [...rows.entries()]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, { cells, units }]) => [...cells, units.map(code).join(' ')]),
  )
}
