// npm run reference: writes what the reference pages are made from.

import { writeFileSync } from 'node:fs'
import { execa } from 'execa'
import { missingHere } from './flags.ts'
import { fetchSources } from './help.ts'
import { makeReference, type Reference, referenceFile } from './reference.ts'

await fetchSources()
const missing = missingHere()
if (missing.length > 0) {
  console.error(
    `The reference cannot be made here; missing:\n  ${missing.join('\n  ')}\n` +
      '  → npm run artifacts fills the cache, and Go fetches modules',
  )
  process.exit(1)
}
const reference = await makeReference()
const parts = Object.keys(reference) as (keyof Reference)[]
const files = parts.map(referenceFile)
for (const part of parts) {
  const text = JSON.stringify(reference[part], null, 2)
  writeFileSync(referenceFile(part), `${text}\n`)
}
await execa('biome', ['format', '--write', ...files], { preferLocal: true })
console.log(files.join('\n'))
