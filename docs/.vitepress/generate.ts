/**
 * Run as a process of its own by `generated.ts`: prints, as JSON, the diagrams
 * and the generated tables that the tags on its stdin ask for. A new process
 * sees what changed in `lib` and `diagrams`; a module that was imported once
 * never does.
 */
import { existsSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { attributesOf } from './tags.ts'

const tags = JSON.parse(await text(process.stdin)) as string[]
const diagrams = new URL('../../diagrams/index.ts', import.meta.url)
const tables: Record<string, string> = {}
for (const tag of tags) {
  const { name, attributes } = attributesOf(tag)
  const file = new URL(`./tables/${name}.ts`, import.meta.url)
  if (!existsSync(file)) continue
  const module = await import(file.href)
  tables[tag] = await module[name](attributes)
}
console.log(
  JSON.stringify({
    tables,
    diagrams: existsSync(diagrams)
      ? (await import(diagrams.href)).diagrams
      : {},
  }),
)
