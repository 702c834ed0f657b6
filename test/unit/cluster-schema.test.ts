import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { jsonSchema } from '../../lib/cluster.ts'

const root = resolve(import.meta.dirname, '..', '..')

interface Schema {
  description?: string
  properties?: Record<string, Schema>
  items?: Schema
}

/** Every field of a schema with its path. */
function fields(schema: Schema, path = ''): [string, Schema][] {
  const inner = { ...schema.properties, ...schema.items?.properties }
  return Object.entries(inner).flatMap(([name, field]) => [
    [`${path}${name}`, field],
    ...fields(field, `${path}${name}.`),
  ])
}

describe('cluster.schema.json', () => {
  const file = readFileSync(join(root, 'cluster.schema.json'), 'utf8')

  it('is current; `npm run schema` writes it', () => {
    expect(JSON.parse(file)).toEqual(jsonSchema())
  })

  const all = fields(JSON.parse(file) as Schema)

  it('describes every field', () => {
    const mute = all.filter(
      ([, { description = '' }]) => description.length < 9,
    )
    expect(mute.map(([path]) => path)).toEqual([])
  })

  it('gives an example or a default of every field that holds a value', () => {
    const poor = all.filter(
      ([, { properties, items, description = '' }]) =>
        !properties && !items && !/Example: |Default: /.test(description),
    )
    expect(poor.map(([path]) => path)).toEqual(['lab.machines'])
  })

  it('is named in the cluster files, for editors', () => {
    for (const name of ['cluster.yaml', 'single.yaml']) {
      const [first] = readFileSync(join(root, name), 'utf8').split('\n')
      expect(first).toBe(
        '# yaml-language-server: $schema=./cluster.schema.json',
      )
    }
  })
})
