import { clusterSchema } from '../../../lib/cluster-schema.ts'
import { fieldsOfCluster } from '../data/cluster-fields.ts'
import { code, prose, table } from '../data/markdown.ts'

/**
 * The fields of cluster.yaml.
 *
 * @param attributes `of`: those below one field, such as `machines`; without
 * it, those at the top
 */
export function ClusterYaml({ of = '' }: { of?: string } = {}): string {
  const all = fieldsOfCluster(clusterSchema)
  const fields = all.filter(({ path }) => {
    const [first = '', ...rest] = path.split(/\.|\[\]\./)
    return of === '' ? rest.length === 0 : first === of && rest.length > 0
  })
  if (fields.length === 0) throw new Error(`cluster.yaml has no field ${of}`)
  return table(
    ['Field', 'Meaning', 'Allowed'],
    fields.map((field) => [
      [
        `**${code(field.path)}**`,
        field.required
          ? 'required'
          : `Default: ${prose(field.default || 'none')}`,
      ].join('<br>'),
      prose(field.meaning),
      [
        prose(field.allowed),
        ...(field.example ? [`Example: ${code(field.example)}`] : []),
      ].join('<br>'),
    ]),
  )
}
