import { spawnSync } from 'node:child_process'
import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Diagram } from '../../diagrams/diagram.ts'
import { docs, root } from './site.ts'
import { tagOf } from './tags.ts'

interface Generated {
  diagrams: Record<string, Diagram>
  tables: Record<string, string>
}

let state: { changed: number; value: Generated } | undefined
let looked = 0

/** Tables and diagrams that pages show, made from the code of the guide. */
export function generated(): Generated {
  // A build asks a hundred times within seconds; nothing changes meanwhile.
  if (state && Date.now() - looked < 1000) return state.value
  const changed = lastChange()
  looked = Date.now()
  if (state?.changed === changed) return state.value
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [join(docs, '.vitepress/generate.ts')],
    { input: JSON.stringify(tagsOfAllPages()), encoding: 'utf8' },
  )
  if (status !== 0) {
    throw new Error(`a diagram or a generated table failed:\n${stderr}`)
  }
  state = { changed, value: JSON.parse(stdout) as Generated }
  return state.value
}

export function isTable(name: string): boolean {
  return existsSync(join(docs, '.vitepress/tables', `${name}.ts`))
}

function tagsOfAllPages(): string[] {
  const tags = globSync('**/*.md', { cwd: docs }).flatMap((page) =>
    readFileSync(join(docs, page), 'utf8')
      .split('\n')
      .filter((line) => isTable(tagOf(line)?.name ?? '')),
  )
  return [...new Set(tags)]
}

const sources = [
  'diagrams/**/*.ts',
  'docs/.vitepress/tables/*.ts',
  'docs/examples/*',
  'docs/**/*.md',
  'docs/reference/*.json',
  'docs/recorded/faults.json',
  'docs/recorded/vm.json',
  'lib/**/*.{ts,yaml}',
  'lab/*.ts',
  'steps/**/*.ts',
  '*.yaml',
]

function lastChange(): number {
  return Math.max(
    ...globSync(sources, { cwd: root, exclude: ['**/node_modules/**'] }).map(
      (file) => statSync(join(root, file)).mtimeMs,
    ),
  )
}
