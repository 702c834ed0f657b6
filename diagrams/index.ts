import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Diagram } from './diagram.ts'

const folders = ['.', 'decisions'].map((folder) =>
  join(import.meta.dirname, folder),
)

/**
 * Every diagram by its name: whatever a file of this folder, or of
 * `decisions/`, exports that is one, or a list of them. Reading the folder
 * means that a new diagram is a new file and no line elsewhere.
 *
 * @throws Error when two have the same name
 */
export const diagrams = await collect()

async function collect(): Promise<Record<string, Diagram>> {
  const found: Record<string, Diagram> = {}
  for (const file of folders.flatMap(filesOf)) {
    const module = await import(/* @vite-ignore */ pathToFileURL(file).href)
    for (const diagram of Object.values(module).flat().filter(isDiagram)) {
      const { name } = diagram
      if (found[name]) throw new Error(`${file}: two diagrams are “${name}”`)
      found[name] = diagram
    }
  }
  return found
}

function filesOf(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.ts') && name !== 'index.ts')
    .sort()
    .map((name) => join(folder, name))
}

function isDiagram(value: unknown): value is Diagram {
  return value instanceof Object && 'source' in value && 'title' in value
}
