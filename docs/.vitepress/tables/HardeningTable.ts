import { type Check, type Control, controls } from '../data/cis.ts'
import { code, plain, prose, table } from '../data/markdown.ts'

/**
 * Controls of the CIS Kubernetes Benchmark.
 *
 * @param attributes `of`: the number of a section; or `count`, a sentence on
 * all of them
 */
export function HardeningTable({ of }: { of: string }): string {
  const sections = Object.entries(controls)
  if (of === 'count') return count(sections.flatMap(([, all]) => all))
  const [, found] = sections.find(([title]) => title.split(' ')[0] === of) ?? []
  if (!found) throw new Error(`there is no section ${of}`)
  return table(
    ['Control', 'What it asks, and what is here', 'How a test sees it'],
    found.map(({ ids, state, asks, here, checks }) => [
      `${numbers(ids)}<br>**${states[state]}**`,
      `${prose(asks)}<br>${prose(here)}`,
      [...new Set(checks.map(seen))].join('<br>'),
    ]),
  )
}

const states: Record<Control['state'], string> = {
  met: 'as asked',
  another: 'another way',
  open: 'left to you',
}

function count(all: readonly Control[]): string {
  const of = (wanted: Control['state']) =>
    all
      .filter(({ state }) => state === wanted)
      .reduce((sum, { ids }) => sum + ids.length, 0)
  const sum = of('met') + of('another') + of('open')
  return (
    `Of its ${sum} controls ${of('met')} are met as asked, ${of('another')} ` +
    `in another way, and ${of('open')} are left to whoever runs the cluster.`
  )
}

/** Numbers that follow each other, as the first and the last. */
function numbers(ids: readonly string[]): string {
  const runs: string[][] = []
  for (const id of ids) {
    const before = runs.at(-1)
    if (before && isNext(before.at(-1) ?? '', id)) before.push(id)
    else runs.push([id])
  }
  return runs
    .map((run) => {
      const [first = ''] = run
      const last = run.at(-1) ?? ''
      return run.length > 2 ? `${first} – ${last}` : run.join(', ')
    })
    .join(', ')
}

function isNext(one: string, two: string): boolean {
  const [group, last] = cut(one)
  const [other, next] = cut(two)
  return group === other && next === last + 1
}

function cut(id: string): [string, number] {
  const at = id.lastIndexOf('.')
  return [id.slice(0, at), Number(id.slice(at + 1))]
}

function seen(check: Check): string {
  if ('flag' in check) return `${code(`--${check.flag}`)} of the process`
  if ('path' in check) return `access to ${code(check.path)}`
  if ('test' in check) return `“${plain(check.test)}”`
  const { field, of } = check
  const where = of === 'kubelet' ? 'what it says it runs' : code(of)
  return `${code(field)} in ${where}`
}
