import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { parse } from 'yaml'
import { architectureHere } from '../../lib/artifacts/artifact.ts'
import {
  componentOf,
  defaultVersions,
  entryOf,
} from '../../lib/artifacts/catalogue.ts'
import type { Component } from '../../lib/cluster-schema.ts'
import { sourceOf } from './go-modules.ts'

/** What a component says of one of its flags or fields. */
export interface Said {
  text: string
  default?: string
  deprecated?: true
  /** A field whose own fields have free names. */
  isMap?: true
}

/** By name of the flag, or by the path of the field with dots. */
export type Help = Map<string, Said>

/** The version of a component that is pinned. */
export function versionOf(program: string): string {
  const component = componentOf(program)
  return defaultVersions()[component as Component] ?? entryOf(component).default
}

/** Where the operator's cache has a program; undefined where it has not. */
export function cachedProgram(program: string): string | undefined {
  // Not that of a test, which fills a cache of its own.
  const base = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')
  const path = join(
    ...[base, 'kubernetes-from-scratch', 'artifacts', componentOf(program)],
    ...[versionOf(program), architectureHere() ?? '', program],
  )
  return existsSync(path) ? path : undefined
}

/**
 * Flags of a program, from what it prints with `--help`.
 *
 * @throws when it is not in the cache
 */
export async function flagsOf(program: string): Promise<Help> {
  const path = cachedProgram(program)
  if (!path) throw new Error(`${program} is not in the cache`)
  const { all } = await execa(path, ['--help'], { all: true })
  return readHelp(all)
}

/**
 * Reads the help of a program: that of Kubernetes (pflag), of etcd, or of
 * containerd.
 *
 * @example
 * readHelp("  --name 'default'\n    Name of this member.").get('name')
 */
export function readHelp(text: string): Help {
  const help: Help = new Map()
  let current:
    | { indent: number; name: string; kind?: string; lines: string[] }
    | undefined
  const end = () => {
    if (current) {
      const { name, kind, lines } = current
      help.set(name, saidOf(lines.join(' '), kind))
    }
    current = undefined
  }
  for (const line of text.split('\n')) {
    const [, spaces = '', name, rest = ''] =
      /^( {2,})(?:-\w, |etcd )?--([a-z][a-z0-9-]*)(.*)$/.exec(line) ?? []
    const indent = /^ */.exec(line)?.[0].length ?? 0
    if (name) {
      end()
      current = { indent: spaces.length, name, ...tellOf(rest) }
    } else if (line.trim() === '' || !current || indent <= current.indent) end()
    else current.lines.push(line.trim())
  }
  end()
  return help
}

// What stands behind the name of a flag: the kind of its value, or its
// default, and what it is for. What needs no value is a boolean.
function tellOf(rest: string): { kind?: string; lines: string[] } {
  const [, value] = /^ '(?:default=)?([^']*)'$/.exec(rest) ?? []
  if (value !== undefined) return { lines: [`(default ${value || '""'})`] }
  const [found, kind = 'bool', text = ''] =
    /^(?: (\S+)(?:, -\w \w+)?)? {2,}(.*)$/.exec(rest) ?? []
  return found === undefined ? { lines: [''] } : { kind, lines: [text] }
}

/**
 * The default of a flag whose help prints none: Kubernetes leaves zero out.
 * Of text that is nothing at all, and stays so.
 */
function zeroOf(kind: string): string | undefined {
  if (kind === 'bool') return 'false'
  if (kind === 'duration') return '0s'
  return /^(u?int|float)\d*$/.test(kind) ? '0' : undefined
}

function saidOf(text: string, kind = ''): Said {
  const deprecated = /\bdeprecated\b/i.test(text)
  const printed =
    /\(default:? "?(.*?)"?\)(?= \(DEPRECATED|$| [A-Z])/.exec(text) ??
    /\[default=(.*?)\]/.exec(text)
  // Zero can stand for a default that only the words know.
  const told = /\bDefault is (.*?)\.(?= |$)/.exec(text)
  const value = printed?.[1] ?? told?.[1] ?? zeroOf(kind)
  const plain = text
    .replace(printed?.[0] ?? '', '')
    .replace(/\s+/g, ' ')
    .trim()
  return {
    text: firstSentences(plain),
    ...(value !== undefined && { default: value }),
    ...(deprecated && { deprecated }),
  }
}

/** A column has room for two sentences; the rest is in the docs. */
function firstSentences(text: string): string {
  const sentences = text.match(/.*?[.!?](?=\s+[A-Z'"`]|$)/g) ?? [text]
  const short = sentences.slice(0, 2).join('').trim()
  return short.length > 300 ? (sentences[0] ?? '').trim() : short
}

/** A module of Kubernetes with its version, as Go names it. */
function moduleOf(name: string, program: string): string {
  return `k8s.io/${name}@v0.${versionOf(program).replace(/^1\./, '')}`
}

const configured = ['kubelet', 'kube-proxy', 'kube-scheduler']

/** Has Go fetch all sources of other projects that tests read, where it can. */
export async function fetchSources(): Promise<void> {
  const fetched = [
    `k8s.io/kubernetes@v${versionOf('kubelet')}`,
    `github.com/containerd/containerd/v2@v${versionOf('containerd')}`,
    ...configured.map((name) => moduleOf(name, name)),
    ...configured.map((name) => moduleOf('component-base', name)),
    ...['api', 'apimachinery', 'apiserver'].map((name) =>
      moduleOf(name, 'kubelet'),
    ),
  ]
  const missing = new Set(fetched.filter((it) => !existsSync(sourceOf(it))))
  if (missing.size === 0) return
  // Whoever needs them says what is missing.
  await execa('go', ['mod', 'download', ...missing], { reject: false })
}

/** Where Go keeps the modules that a file of configuration is defined in. */
function typesOf(program: string): { root: string; files: string[] } {
  const types: Record<string, [string, string]> = {
    kubelet: ['KubeletConfiguration', 'config/v1beta1'],
    'kube-proxy': ['KubeProxyConfiguration', 'config/v1alpha1'],
    'kube-scheduler': ['KubeSchedulerConfiguration', 'config/v1'],
  }
  const [root, folder] = types[program] ?? []
  if (!root || !folder) return { root: '', files: [] }
  const files = [
    join(sourceOf(moduleOf(program, program)), folder, 'types.go'),
    join(
      sourceOf(moduleOf('component-base', program)),
      ...['config/v1alpha1', 'types.go'],
    ),
  ]
  return { root, files }
}

/** Whether the definition of a program's configuration is to be had here. */
export function hasTypes(program: string): boolean {
  const { files } = typesOf(program)
  return files.length > 0 && files.every((file) => existsSync(file))
}

/**
 * Fields of the configuration file of a program, as its source says: their
 * path with dots, their meaning and default.
 *
 * @throws when the modules are not in the cache of Go
 */
export async function fieldsOf(program: string): Promise<Help> {
  const { root, files } = typesOf(program)
  const source = files.map((file) => readFileSync(file, 'utf8')).join('\n')
  const help = readTypes(source, root)
  for (const [path, value] of await defaultsOf(program)) {
    const said = help.get(path)
    if (said) said.default ??= value
  }
  return help
}

/**
 * Reads the fields of a Go struct with the comments above them.
 *
 * @example
 * readTypes('type A struct {\n\t// b is.\n\tB int `json:"b"`\n}', 'A')
 */
export function readTypes(source: string, root: string, path = ''): Help {
  const help: Help = new Map()
  const body = new RegExp(`^type ${root} struct \\{\n([\\s\\S]*?)^\\}`, 'm')
  let comment: string[] = []
  for (const line of (body.exec(source)?.[1] ?? '').split('\n')) {
    const [, said] = /^\s*\/\/ ?(.*)$/.exec(line) ?? []
    if (said !== undefined) {
      comment.push(said)
      continue
    }
    const [, type = '', tag] =
      /^\s+(?:\w+ )?([\w.*[\]]+)\s+`json:"([^,"]*)[^`]*`/.exec(line) ?? []
    if (tag !== undefined) {
      const name = `${path}${tag}`
      const isMap = type.startsWith('map[') && { isMap: true as const }
      if (tag) help.set(name, { ...fieldOf(comment), ...isMap })
      const inner = type.replace(/^\*/, '').replace(/.*\./, '')
      // An embedded struct has no name of its own.
      for (const [key, it] of readTypes(
        source,
        inner,
        tag ? `${name}.` : path,
      )) {
        help.set(key, it)
      }
    }
    comment = []
  }
  return help
}

function fieldOf(comment: readonly string[]): Said {
  const lines = comment.filter((line) => !line.startsWith('+'))
  const at = lines.findIndex((line) => /^Default: /.test(line))
  const [, value] = /^Default: (.*)$/.exec(lines[at] ?? '') ?? []
  const text = lines.filter((_, index) => index !== at).join(' ')
  return {
    text: firstSentences(text.replace(/\s+/g, ' ').trim()),
    ...(value && { default: value.replace(/^"(.*)"$/, '$1') }),
    ...(/\bdeprecated\b/i.test(text) && { deprecated: true as const }),
  }
}

/** Defaults that a program itself writes down. */
async function defaultsOf(program: string): Promise<Map<string, string>> {
  const path = cachedProgram(program)
  if (program !== 'kube-proxy' || !path) return new Map()
  const folder = mkdtempSync(join(tmpdir(), 'kfs-reference-'))
  try {
    const file = join(folder, 'defaults.yaml')
    await execa(path, [`--write-config-to=${file}`])
    return new Map(flatten(parse(readFileSync(file, 'utf8'))))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function flatten(value: unknown, path = ''): [string, string][] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return Object.entries(value).flatMap(([key, inner]) =>
      flatten(inner, path ? `${path}.${key}` : key),
    )
  }
  return [[path, value === null ? 'none' : JSON.stringify(value)]]
}

/** Defaults of the configuration of containerd, by the path of a field. */
export async function containerdDefaults(): Promise<Help> {
  const path = cachedProgram('containerd')
  if (!path) throw new Error('containerd is not in the cache')
  const { stdout } = await execa(path, ['config', 'default'])
  const help: Help = new Map()
  let table = ''
  for (const line of stdout.split('\n')) {
    const [, title] = /^\s*\[(.*)\]$/.exec(line) ?? []
    if (title) table = `${title.replaceAll("'", '')}.`
    const [, name, value = ''] = /^\s*(\w+) = (.*)$/.exec(line) ?? []
    if (name) {
      help.set(`${table}${name}`, {
        text: '',
        default: value.replaceAll("'", '"'),
      })
    }
  }
  return help
}
