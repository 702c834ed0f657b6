import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { recordedFolder } from '../../../commands/docs/recorded.ts'
import { type Results, rowsOf } from '../../../commands/shared/bench-results.ts'
import { plain, table } from '../data/markdown.ts'
import { bytes } from '../recorded.ts'

/**
 * What `npm run bench -- --record` has measured.
 *
 * @param attributes `part`: `conditions`, `comparison`, `rounds`, `growth`,
 * `single`, `again`, or `steps` with `topology`
 */
export function BenchTable(attributes: {
  part: string
  topology?: string
}): string {
  const file = join(recordedFolder, 'bench.json')
  if (!existsSync(file)) return missing
  return benchTable(JSON.parse(readFileSync(file, 'utf8')), attributes)
}

const missing = 'Not recorded yet: `npm run bench -- --record` writes it.'

/** The same of results that are given; see {@link BenchTable}. */
export function benchTable(
  results: Results,
  { part, topology = '' }: { part: string; topology?: string },
): string {
  const make: Record<string, () => string[][]> = {
    conditions: () => conditions(results),
    comparison: () => rowsOf.comparison(results),
    rounds: () => rowsOf.rounds(results),
    growth: () => rowsOf.growth(results),
    single: () => rowsOf.single(results),
    again: () => rowsOf.again(results),
    steps: () => rowsOf.steps(results, topology),
  }
  const rows = make[part]?.()
  if (!rows) throw new Error(`there is no table of the benchmark named ${part}`)
  const [heads = [], ...body] = rows.map((row) => row.map(plain))
  return body.length > 0 ? table(heads, body) : missing
}

function conditions(results: Results): string[][] {
  const { recordedAt, commit, conditions, versions } = results
  const { processor, cores, memoryBytes, kernel, machines } = conditions
  return [
    ['Condition', 'Value'],
    ['Recorded', `${recordedAt}, commit ${commit}`],
    ['Processor', `${cores} × ${processor}`],
    ['Memory', bytes(memoryBytes)],
    ['Kernel', kernel],
    ['Machines', `${machines}s of the lab on this one computer`],
    ...Object.entries(versions),
  ]
}
