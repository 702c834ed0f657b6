// Writes cluster.schema.json, with which editors complete cluster.yaml.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { jsonSchema } from '../lib/cluster.ts'

const file = join(import.meta.dirname, '..', 'cluster.schema.json')
writeFileSync(file, `${JSON.stringify(jsonSchema(), null, 2)}\n`)
process.stdout.write(`${file}\n`)
