// What differs from run to run is replaced by `…`, so that two recordings
// differ where something has changed, and nowhere else.

import { homedir } from 'node:os'
import { contains } from '../../lib/addresses.ts'
import type { Cluster } from '../../lib/cluster.ts'
import { cacheDirectory } from '../../lib/paths.ts'
import { repository } from './recorded.ts'

const mask = '…'

/** What masks need to know about where the output came from. */
export interface Place {
  /** Range of the pods: which of its addresses a pod gets is chance. */
  pods: string
  /** Range of Services, and those of its addresses that we chose. */
  services: string
  fixed: readonly string[]
  /** Folders whose paths are of this computer, and what to show instead. */
  folders: Readonly<Record<string, string>>
}

/** The place that a cluster's output comes from. */
export function placeOf(cluster: Cluster): Place {
  const { networks, directory } = cluster
  const home = (folder: string) =>
    folder.startsWith(`${homedir()}/`)
      ? `~${folder.slice(homedir().length)}`
      : folder
  return {
    pods: networks.pods,
    services: networks.services,
    fixed: [cluster.kubernetesServiceAddress, cluster.dnsAddress],
    folders: {
      [directory]: home(directory),
      [cacheDirectory()]: home(cacheDirectory()),
      [repository]: '~/kubernetes-from-scratch',
    },
  }
}

/**
 * The lines of an output, with everything masked that chance or the clock
 * has decided. Tables are laid out anew, because what is masked is shorter.
 *
 * @example
 * maskOutput('  ✓ cp-1  1.2 s  ok (3 checked)\n', place)
 * // ['  ✓ cp-1  … s  ok (3 checked)']
 */
export function maskOutput(output: string, place: Place): string[] {
  const lines = withoutBodies(withoutControls(output)).trimEnd().split('\n')
  const masked: string[] = []
  for (let at = 0; at < lines.length; ) {
    const table = kubectlTable(lines, at) ?? boxTable(lines, at)
    if (table) {
      masked.push(...table.render((cell) => maskLine(cell, place)))
      at += table.length
    } else {
      masked.push(maskLine(lines[at] ?? '', place).trimEnd())
      at++
    }
  }
  return masked.length === 1 && masked[0] === '' ? [] : masked
}

/** Masks one line, or one cell of a table. */
export function maskLine(line: string, place: Place): string {
  let text = line
  for (const [folder, shown] of Object.entries(place.folders)) {
    text = text.replaceAll(
      new RegExp(`${RegExp.escape(folder)}(?![\\w-])`, 'g'),
      shown,
    )
  }
  for (const [pattern, replacement] of patterns) {
    text = text.replace(pattern, replacement)
  }
  return text
    .replace(/…{2,}/g, mask)
    .replace(/\b\d+(?:\.\d+){3}\b/g, (address) => maskAddress(address, place))
}

const consonants = '[bcdfghjklmnpqrstvwxz2456789]'
const day = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)'
const month = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)'
const clock = '\\d\\d:\\d\\d:\\d\\d(?:\\.\\d+)?'

// In this order: what is masked by one no longer matches the next.
const patterns: readonly [RegExp, string][] = [
  // Steps: 1.2 s
  [/(?<=\s\s|^)\d+\.\d s(?=\s\s|$)/g, `${mask} s`],
  // 2026-11-23T22:56:24.123456Z, 2026-11-23 22:56:24 +0000 UTC
  [
    new RegExp(
      `(?:${day} )?\\d{4}-\\d\\d-\\d\\d[T ]${clock}` +
        '(?:Z|[+-]\\d\\d:?\\d\\d| [+-]\\d{4})?(?: UTC| GMT)?',
      'g',
    ),
    mask,
  ],
  // Mon, 23 Nov 2026 22:56:24 +0000
  [
    new RegExp(
      `${day}, \\d\\d? ${month} \\d{4} ${clock}(?: [+-]\\d{4}| \\w{3})?`,
      'g',
    ),
    mask,
  ],
  // Nov 23 22:56:24, with the year of OpenSSL
  [
    new RegExp(
      `(?:${day} )?${month} +\\d\\d? ${clock}(?: \\d{4})?(?: GMT| UTC)?`,
      'g',
    ),
    mask,
  ],
  // I1123 22:56:24.123456    1234 file.go:12]
  [new RegExp(`^([IWEF])\\d{4} ${clock} +\\d+ `), `$1${mask} `],
  [new RegExp(`(?<![\\da-f]:)\\b${clock}\\b(?!:)`, 'g'), mask],
  [/\b20\d\d-\d\d-\d\d\b/g, mask],
  [/\bin \d+(?:\.\d+)? ?(?:ms|s)\b/g, `in ${mask}`],
  // What metrics measure, and when.
  [/(?<=[\w}] )\d+(?:\.\d+)?e[+-]\d+(?: \d{13})?$/, mask],
  // (5m12s ago), 1min 22s ago
  [/(?:\d+(?:d|h|min|m|s|ms) ?)+ago\b/g, `${mask} ago`],
  // An age that stands in a column of its own.
  [/(?<=\s\s)(?:\d+[ydhms]){1,2}(?=\s\s|$)/g, mask],
  // Version 4 UUIDs and their like.
  [/\b[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\b/gi, mask],
  // Hardware addresses.
  [/\b[\da-f]{2}(?::[\da-f]{2}){5}\b/gi, mask],
  [/\bfe80::[\da-f:]+/g, `fe80::${mask}`],
  // Digests, ids of containers and of members of etcd, colons or none.
  [/\b[\da-f]{2}(?::[\da-f]{2}){9,}\b/gi, mask],
  [/\b(?=[\da-f]*\d)(?=[\da-f]*[a-f])[\da-f]{15,}\b/gi, mask],
  [/\b\d{15,}\b/g, mask],
  [/\bserial(?: ?number)?\s*[=:]\s*[\da-f:]+/gi, `serial=${mask}`],
  [/\b(SHA256):[A-Za-z0-9+/]{43}/g, `$1:${mask}`],
  // Base64: certificates, mostly. Keys never get this far.
  [/[A-Za-z0-9+/]{40,}={0,2}(?![A-Za-z0-9+/=])/g, mask],
  // Names that Kubernetes makes up: a pod's, a request's, a token's.
  [/\b(bootstrap-token-|system:bootstrap:)[a-z\d]{6}\b/g, `$1${mask}`],
  [/\b(smoke-test-)[\da-f]{6}\b/g, `$1${mask}`],
  [new RegExp(`(-)${consonants}{5}(?![\\w-])`, 'g'), `$1${mask}`],
  [/\bveth[\da-f]{8}\b/g, `veth${mask}`],
  [/@if\d+/g, `@if${mask}`],
  [/"?\bresourceVersion"?: ?"\d+"/g, `resourceVersion: ${mask}`],
  // Processes, and what they use.
  [/\b(Main PID: )\d+/g, `$1${mask}`],
  [/([├└]─)\d+ /g, `$1${mask} `],
  [/\b(pid=|fd=)\d+/g, `$1${mask}`],
  [/(?<=\s[\w.@-]+)\[\d+\](?=:)/g, `[${mask}]`],
  [/\b(Memory|CPU|Tasks|IO|IP): +\d.*$/g, `$1: ${mask}`],
  // Ports that the kernel or Kubernetes picks.
  [/(?<=\d:)(?:3[2-9]|[45]\d|6[0-5])\d{3}\b/g, mask],
  [/(?<=\d:)3[0-2]\d{3}(?=\/(?:TCP|UDP))/g, mask],
]

function maskAddress(address: string, place: Place): string {
  const { pods, services, fixed } = place
  if (fixed.includes(address)) return address
  for (const range of [pods, services]) {
    const [base = '', prefix] = range.split('/')
    if (address === base || !contains(range, address)) continue
    const same = Math.floor(Number(prefix) / 8)
    return [...address.split('.').slice(0, same), mask].join('.')
  }
  return address
}

interface Table {
  /** How many lines it takes. */
  length: number
  render(maskCell: (cell: string) => string): string[]
}

// Columns whose cells are figures of the moment, whatever they hold.
const figures =
  /^(AGE|LAST SEEN|DURATION|DB SIZE|IN USE|PERCENTAGE NOT IN USE|RAFT .*)$/

// kubectl, ctr and our own tables: a header in capitals, and columns that
// begin where its words do.
function kubectlTable(lines: readonly string[], at: number): Table | undefined {
  const header = lines[at] ?? ''
  if (!/^[A-Z][A-Z0-9()/ -]*$/.test(header)) return undefined
  const starts = [...header.matchAll(/(?:^|(?<=\s\s))\S/g)].map(
    ({ index }) => index,
  )
  if (starts.length < 2) return undefined
  let end = at + 1
  while ((lines[end] ?? '').trim() !== '') end++
  const rows = lines
    .slice(at, end)
    .map((line) =>
      starts.map((start, i) => line.slice(start, starts[i + 1]).trimEnd()),
    )
  // A row that does not keep to the columns: no table after all.
  const keeps = (line: string) =>
    starts.slice(1).every((start) => /\s|^$/.test(line.charAt(start - 1)))
  if (!lines.slice(at, end).every(keeps)) return undefined
  return {
    length: end - at,
    render: (maskCell) => layOut(maskCells(rows, maskCell)),
  }
}

// etcdctl: lines around the cells.
function boxTable(lines: readonly string[], at: number): Table | undefined {
  if (!/^(┌─|\+-)/.test(lines[at] ?? '')) return undefined
  let end = at
  while (/^[┌├└│+|]/.test(lines[end] ?? '')) end++
  const rows = lines
    .slice(at, end)
    .filter((line) => /^[│|]/.test(line))
    .map((line) =>
      line
        .split(/[│|]/)
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
  return {
    length: end - at,
    render: (maskCell) => layOut(maskCells(rows, maskCell)),
  }
}

function maskCells(
  rows: readonly string[][],
  maskCell: (cell: string) => string,
): string[][] {
  const [header = [], ...body] = rows
  const masked = body.map((row) =>
    row.map((cell, column) =>
      cell && figures.test(header[column] ?? '') ? mask : maskCell(cell),
    ),
  )
  // Sorted by a name that is masked, rows would come in any order.
  const first = (row: readonly string[]) => row[0] ?? ''
  const byChance = masked.some((row) => first(row).includes(mask))
  const key = (row: readonly string[]) => row.join('\0')
  if (byChance) masked.sort((a, b) => (key(a) < key(b) ? -1 : 1))
  return [header, ...masked]
}

function layOut(rows: readonly string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  )
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('   ')
      .trimEnd(),
  )
}

// A certificate is one thing that chance has made, not twenty lines.
function withoutBodies(text: string): string {
  return text.replace(
    /^(.*)(-----BEGIN [A-Z ]+-----)\n[\s\S]*?\n(.*-----END)/gm,
    `$1$2\n$1${mask}\n$3`,
  )
}

// Colors, and lines that a program has written over.
function withoutControls(text: string): string {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: it is one
      .replace(/\u001b\[[\d;?]*[A-Za-z]/g, '')
      .replace(/\r\n/g, '\n')
      .replace(/^.*\r/gm, '')
      .replaceAll('\t', '        ')
  )
}
