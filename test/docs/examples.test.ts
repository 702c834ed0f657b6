import {
  globSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { execa } from 'execa'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { repository } from '../../commands/docs/recorded.ts'
import { assertCreatable, loadCluster } from '../../lib/cluster.ts'
import {
  cachedProgram,
  fieldsOf,
  flagsOf,
  hasTypes,
  readHelp,
} from '../reference/help.ts'
import { expectNone } from './at.ts'
import {
  documentsOf,
  missingDefinitions,
  unknownFields,
  unknownToKubernetes,
  wrongHosts,
  wrongKind,
} from './examples.ts'

const folder = join(repository, 'docs/examples')
const path = (name: string) => join(folder, name)
const read = (name: string) => readFileSync(path(name), 'utf8')

const all = globSync('*', { cwd: folder }).sort()
const clusters = all.filter((name) => /^cluster-.*\.yaml$/.test(name))
const tables = all.filter((name) => name.endsWith('.toml'))
const objects = all.filter(
  (name) => name.endsWith('.yaml') && !clusters.includes(name),
)

test('every example is a file that something here can judge', () => {
  const judged = [...clusters, ...objects, ...tables]
  expectNone(all.filter((name) => !judged.includes(name)))
})

describe('a cluster file', () => {
  test.each(clusters)('%s is one that a cluster can be made from', (name) => {
    expect(loadCluster(path(name)).machines).not.toHaveLength(0)
    expect(() => assertCreatable(path(name))).not.toThrow()
  })

  const overrides = clusters.flatMap((name) => overridesIn(name, read(name)))
  for (const { name, component, settings } of overrides) {
    const hasFile = ['kubelet', 'kube-proxy'].includes(component)
    const canAsk = hasFile ? hasTypes(component) : cachedProgram(component)
    const title = `${name} sets of ${component} only what it knows`
    test.skipIf(!canAsk)(title, async () => {
      const known = await (hasFile ? fieldsOf : flagsOf)(component)
      expectNone(unknownFields(settings, known))
    })
  }

  test('with a setting that its component does not know is found out', () => {
    const known = readHelp('  --name string   A name.')
    expect(unknownFields({ name: 'a' }, known)).toEqual([])
    expect(unknownFields({ nam: 'a' }, known)).toEqual([
      'there is no field nam',
    ])
  })

  test('with a broken line is refused', () => {
    const text = read('cluster-endpoint.yaml')
    const load = (from: string, to: string) => () =>
      loadCluster(fileOf(text.replace(from, to)))
    expect(load('', '')).not.toThrow()
    expect(load('endpoint:', 'endpont:')).toThrow('endpont')
    expect(load('10.20.0.0/16', '10.10.0.0/16')).toThrow('10.10.0.0/16')
  })
})

describe('an object', () => {
  test.each(objects)('%s is of a kind that is there', (name) => {
    const documents = documentsOf(read(name))
    expect(documents).not.toHaveLength(0)
    expectNone(documents.flatMap(wrongKind))
  })

  test.skipIf(missingDefinitions().length > 0).each(objects)(
    '%s has no field that the pinned version does not know',
    (name) => {
      expectNone(documentsOf(read(name)).flatMap(unknownToKubernetes))
    },
  )

  test('of another version or kind is no object', () => {
    const [role] = documentsOf(read('role-read-only.yaml'))
    if (!role) throw new Error('role-read-only.yaml is empty')
    expect(wrongKind({ ...role, kind: 'Rôle' })).toHaveLength(1)
    const apiVersion = 'rbac.authorization.k8s.io/v1beta1'
    expect(wrongKind({ ...role, apiVersion })).toHaveLength(1)
    expect(() => documentsOf('kind: A\nkind: B')).toThrow('unique')
  })

  test.skipIf(missingDefinitions().length > 0)(
    'with a misspelt field is found out, however deep it is',
    () => {
      const spread = read('spread-over-zones.yaml')
      const errors = (from: string, to: string) =>
        documentsOf(spread.replace(from, to)).flatMap(unknownToKubernetes)
      expect(errors('maxSkew', 'maxskew')).toEqual([
        'there is no field spec.template.spec.topologySpreadConstraints.maxskew',
      ])
      expect(errors('trafficDistribution', 'traffic')).toEqual([
        'there is no field spec.traffic',
      ])
      // Labels have free names.
      expect(errors('{ app: web }', '{ other: web }')).toEqual([])
    },
  )
})

describe('a file of containerd', () => {
  const containerd = cachedProgram('containerd')
  const configurations = tables.filter((name) => name.startsWith('containerd-'))
  const hosts = tables.filter((name) => !configurations.includes(name))

  test.skipIf(!containerd).each(configurations)(
    '%s is read by containerd, every key of it',
    async (name) => {
      expectNone(await ignoredBy(`${containerd}`, path(name)))
    },
  )

  test.skipIf(!containerd)('with a misspelt key is not', async () => {
    const broken = (from: string, to: string) =>
      ignoredBy(
        `${containerd}`,
        fileOf(read('containerd-registry.toml').replace(from, to)),
      )
    expect(await broken('', '')).toEqual([])
    expect(await broken('config_path', 'path')).toHaveLength(1)
    await expect(broken('certs.d"', 'certs.d')).rejects.toThrow('TOML')
  })

  test.each(hosts)('%s says how a registry is reached', (name) => {
    expectNone(wrongHosts(read(name)))
  })

  test('with a broken line says nothing of a registry', () => {
    const text = read('registry-hosts.toml')
    for (const [from, to] of [
      ['server =', 'serve ='],
      ['[host.', '[hosts.'],
      ['[host.', 'host.'],
      ['"resolve"]', '"resolve"'],
    ] as const) {
      expect(wrongHosts(text.replace(from, to)), to).toHaveLength(1)
    }
  })
})

/** What a cluster file overrides, by component. */
function overridesIn(name: string, text: string) {
  const { overrides = {} } = parse(text)
  return Object.values<object>(overrides).flatMap((components) =>
    Object.entries(components).map(([component, settings]) => {
      return { name, component, settings }
    }),
  )
}

/** Keys of a configuration that containerd leaves out when it reads it. */
async function ignoredBy(program: string, file: string): Promise<string[]> {
  const command = ['--config', file, 'config', 'dump']
  const { stderr } = await execa(program, command)
  return stderr.split('\n').filter((line) => line.includes('unknown key'))
}

function fileOf(text: string): string {
  const place = mkdtempSync(join(tmpdir(), 'kfs-examples-'))
  onTestFinished(() => rmSync(place, { recursive: true }))
  const file = join(place, basename(place))
  writeFileSync(file, text)
  return file
}
