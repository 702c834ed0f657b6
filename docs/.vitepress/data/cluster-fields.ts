import { z } from 'zod'

/** A field of cluster.yaml. */
export interface ClusterField {
  /** From the top, such as `machines[].name`. */
  path: string
  meaning: string
  /** What errors say that it may be. */
  allowed: string
  required: boolean
  default: string
  example: string
}

interface Schema {
  description?: string
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  default?: unknown
  allowed?: string
}

/** Every field of a schema, as the schema describes it. */
export function fieldsOfCluster(schema: z.ZodType): ClusterField[] {
  const json = z.toJSONSchema(schema, {
    io: 'input',
    override({ zodSchema, jsonSchema }) {
      const allowed = allowedBy(zodSchema)
      if (allowed) Object.assign(jsonSchema, { allowed })
    },
  })
  return below(json as Schema, '')
}

function below(schema: Schema, path: string): ClusterField[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const own = `${path}${name}`
    const required = schema.required?.includes(name) ?? false
    const inner = field.items?.properties
      ? below(field.items, `${own}[].`)
      : below(field, `${own}.`)
    return [describe(own, field, required), ...inner]
  })
}

// Descriptions end with the default and an example, for editors to show.
function describe(
  path: string,
  field: Schema,
  isRequired: boolean,
): ClusterField {
  const text = field.description ?? ''
  const [, meaning = '', value = '', example = ''] =
    /^(.*?)(?: Default: (.*?))?(?: Example: (.*?))?$/s.exec(text) ?? []
  return {
    path,
    meaning: meaning.trim(),
    allowed: field.allowed ?? '',
    required: isRequired && field.default === undefined,
    default: value.replace(/\.$/, ''),
    example,
  }
}

/** What the errors of a field say that it may be. */
function allowedBy(schema: z.core.$ZodType): string {
  const { error } = schema._zod.def
  const text = error?.({ code: 'custom' } as never)
  return typeof text === 'string' ? text : ''
}
