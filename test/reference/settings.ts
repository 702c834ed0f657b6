import { parse } from 'yaml'
import { mask } from '../fake/render.ts'
import { type BuiltCluster, whereIs } from './cluster.ts'

/** One flag or field, as machines receive it. */
export interface Setting {
  /** Names from the outside to the inside; a flag has one. */
  keys: string[]
  /** As it is on the first machine that has it. */
  value: string
  /** What a comment beside it in the file on the machine says. */
  comment?: string
  /** Machines that have it, unless all that have the file do. */
  on?: string
  /** Kind of machines that alone have it. */
  only?: string
  /** Machines have different values. */
  differs?: true
}

/** The flags of a program, or the fields of one of its files. */
export interface Section {
  /** Path on machines, or kind and name of an object in the API. */
  source: string
  kind: 'flags' | 'file' | 'unit'
  /** Program that is started with the flags. */
  program?: string
  settings: Setting[]
}

/**
 * Every flag and every field that the machines of some clusters received.
 *
 * @example
 * settingsOf([virtual, containers]).find(({ kind }) => kind === 'flags')
 */
export function settingsOf(clusters: readonly BuiltCluster[]): Section[] {
  const sections = new Map<string, Found>()
  for (const cluster of clusters) {
    for (const machine of cluster.machines) {
      for (const [path, { content }] of Object.entries(machine.files)) {
        for (const section of read(path, content)) {
          add(sections, section, { cluster, machine: machine.name })
        }
      }
    }
    for (const { kind, metadata, data } of cluster.objects) {
      if (kind !== 'ConfigMap') continue
      for (const [name, text] of Object.entries(data ?? {})) {
        const source = `ConfigMap ${metadata.name}, ${name}`
        const settings = blocks(String(text))
        const from = { cluster, machine: 'API' }
        add(sections, { source, kind: 'file', settings }, from)
      }
    }
  }
  return [...sections.values()].map((found) => finish(found, clusters))
}

interface From {
  cluster: BuiltCluster
  machine: string
}

interface Found extends Section {
  /** Which machines have the file, and which of them which value. */
  from: From[]
  values: Map<string, { setting: Setting; from: From[]; all: Set<string> }>
}

function add(all: Map<string, Found>, section: Section, from: From): void {
  const key = `${section.kind} ${section.source}`
  const found: Found = all.get(key) ?? {
    ...section,
    from: [],
    values: new Map(),
  }
  all.set(key, found)
  found.from.push(from)
  for (const setting of section.settings) {
    const name = setting.keys.join('\0')
    const known = found.values.get(name)
    const value = mask(setting.value)
    const one = known ?? {
      setting: { ...setting, value },
      ...{ from: [] as From[], all: new Set<string>() },
    }
    one.from.push(from)
    one.all.add(value)
    found.values.set(name, one)
  }
}

function finish(found: Found, clusters: readonly BuiltCluster[]): Section {
  const { from: everywhere, values, source, kind, program } = found
  const settings = [...values.values()].map(({ setting, from, all }) => {
    const kinds = clusters.filter((cluster) =>
      from.some((one) => one.cluster === cluster),
    )
    const [cluster] = kinds
    const has = (from: readonly From[], name: string) =>
      from.some((one) => one.cluster === cluster && one.machine === name)
    const where = (from: readonly From[]) =>
      cluster ? whereIs(cluster, ({ name }) => has(from, name)) : ''
    const on = where(from)
    const isLess = on !== where(everywhere)
    const isRare = kinds.length < clusters.length
    return {
      ...setting,
      ...(isLess && { on }),
      ...(isRare && {
        only: cluster?.virtual ? 'not in containers' : 'containers',
      }),
      ...(all.size > 1 && { differs: true as const }),
    }
  })
  return { source, kind, ...(program && { program }), settings }
}

// A file on a machine, as the program reads it that it is for.
function read(path: string, content: string): Section[] {
  const file = (settings: Setting[]): Section[] => [
    { source: path, kind: 'file', settings },
  ]
  if (path.startsWith('/etc/systemd/system/')) return readUnit(path, content)
  if (!path.startsWith('/etc/') || content.includes('kind: Config\n')) return []
  if (path.endsWith('.toml')) return file(readToml(content))
  if (path.endsWith('.cfg')) return file(blocks(content))
  if (path.endsWith('/99-zz-kubernetes-from-scratch.conf')) {
    return file(
      content
        .trim()
        .split('\n')
        .map((line) => {
          const [name = '', value = ''] = line.split(' = ')
          return { keys: [name], value }
        }),
    )
  }
  if (/\.(yaml|conflist)$/.test(path)) {
    return file(withComments(flatten(parse(content)), content))
  }
  return []
}

function readUnit(path: string, content: string): Section[] {
  const text = content.replaceAll(/ \\\n\s*/g, ' ')
  let comment: string[] = []
  let part = ''
  const settings: Setting[] = []
  const commands: string[] = []
  for (const line of text.split('\n')) {
    const [, title] = /^\[(\w+)\]$/.exec(line) ?? []
    if (title) part = title
    if (line.startsWith('#')) comment.push(line.slice(1).trim())
    const [, name = '', value = ''] = /^(\w+)=(.*)$/.exec(line) ?? []
    if (name === 'ExecStart') commands.push(value)
    if (name && name !== 'ExecStart' && name !== 'Description') {
      const said = comment.join(' ')
      settings.push({
        keys: [part, name],
        value,
        ...(said && { comment: said }),
      })
    }
    if (!line.startsWith('#')) comment = []
  }
  const [command = ''] = commands
  const [program = '', ...words] = command.split(/\s+/)
  const flags = words.flatMap((word) => {
    const [, name, value = ''] = /^--([\w-]+)=(.*)$/.exec(word) ?? []
    return name ? [{ keys: [name], value }] : []
  })
  const unit: Section = { source: path, kind: 'unit', settings }
  if (flags.length === 0) return [unit]
  const source = program.replace(/.*\//, '')
  return [{ source, kind: 'flags', program: source, settings: flags }, unit]
}

/** Fields of a nested mapping; of a list, its mappings by what they are. */
function flatten(value: unknown, keys: string[] = []): Setting[] {
  const isMap = (it: unknown): it is Record<string, unknown> =>
    typeof it === 'object' && it !== null && !Array.isArray(it)
  if (isMap(value) && Object.keys(value).length > 0) {
    return Object.entries(value).flatMap(([key, inner]) =>
      keys.length === 0 && ['apiVersion', 'kind'].includes(key)
        ? []
        : flatten(inner, [...keys, key]),
    )
  }
  if (Array.isArray(value) && value.length > 0 && value.every(isMap)) {
    const isShort = value.every((it) =>
      Object.entries(it).every(
        ([key, inner]) => typeof inner !== 'object' && key !== 'secret',
      ),
    )
    if (isShort) return [{ keys, value: scalar(value) }]
    return value.flatMap(({ type, name, ...rest }, index) => {
      const title = type ?? name ?? (value.length > 1 ? index + 1 : undefined)
      const inner = title === undefined ? keys : [...keys, String(title)]
      const isBoth = type !== undefined && name !== undefined
      return flatten({ ...(isBoth && { name }), ...rest }, inner)
    })
  }
  // It is random, and a secret even where it opens nothing.
  return [
    { keys, value: keys.at(-1) === 'secret' ? '(secret)' : scalar(value) },
  ]
}

function scalar(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

// Comments of a file that the step wrote as text.
function withComments(settings: Setting[], content: string): Setting[] {
  if (!/^\s*#/m.test(content)) return settings
  return settings.map((setting) => {
    const name = setting.keys.at(-1) ?? ''
    const comment = commentAbove(content, name)
    return { ...setting, ...(comment && { comment }) }
  })
}

function commentAbove(content: string, name: string): string {
  const lines = content.split('\n')
  const at = lines.findIndex((line) => line.trim().startsWith(name))
  const above: string[] = []
  for (let index = at - 1; /^\s*#/.test(lines[index] ?? ''); index--) {
    above.unshift(lines[index]?.trim().slice(1).trim() ?? '')
  }
  return above.join(' ')
}

function readToml(content: string): Setting[] {
  const settings: Setting[] = []
  let table: string[] = []
  let said = ''
  let comment: string[] = []
  for (const line of content.split('\n')) {
    if (line.startsWith('#')) comment.push(line.slice(1).trim())
    const [, title] = /^\[(.*)\]$/.exec(line) ?? []
    if (title) {
      table = (title.match(/"[^"]+"|[^.]+/g) ?? []).map((it) =>
        it.replaceAll('"', ''),
      )
      // A comment above a table is about what stands in it.
      said = comment.join(' ') || said
      comment = []
    }
    const [, name, value = ''] = /^(\w+) = (.*)$/.exec(line) ?? []
    if (name) {
      const text = comment.join(' ') || said
      const keys = [...table, name]
      settings.push({ keys, value, ...(text && { comment: text }) })
      comment = []
    }
    if (line === '') said = ''
  }
  return settings
}

/** Lines of words, in sections by their indentation, as HAProxy has them. */
function blocks(content: string): Setting[] {
  const settings: Setting[] = []
  let comment: string[] = []
  let path: string[] = []
  const lines = content.split('\n').filter((line) => line.trim() !== '')
  for (const [index, line] of lines.entries()) {
    const text = line.trim()
    if (text === '}') {
      path = path.slice(0, -1)
      continue
    }
    if (text.startsWith('#')) {
      comment.push(text.slice(1).trim())
      continue
    }
    const depth = (/^ */.exec(line)?.[0].length ?? 0) / 2
    path = path.slice(0, depth)
    const said = comment.join(' ')
    comment = []
    const opens = (it = '') => (/^ */.exec(it)?.[0].length ?? 0) / 2 > depth
    const next = lines.slice(index + 1).find((it) => !it.trim().startsWith('#'))
    if (opens(next)) {
      path = [...path, text.replace(/ \{$/, '')]
      if (said) {
        settings.push({ keys: path, value: '', comment: said })
      }
      continue
    }
    const [, name = '', value = ''] =
      /^(timeout \w+|\S+) ?(.*)$/.exec(text) ?? []
    const keys = [...path, name]
    const same = settings.find((it) => it.keys.join() === keys.join())
    if (same) same.value += `; ${value}`
    else settings.push({ keys, value, ...(said && { comment: said }) })
  }
  return settings
}
