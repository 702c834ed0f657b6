import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { sourceOf } from '../reference/go-modules.ts'
import { type Help, readTypes, versionOf } from '../reference/help.ts'

/** A document of a YAML file, as much of it as every kind has. */
export interface Document {
  apiVersion: string
  kind: string
  [field: string]: unknown
}

/** Kinds that examples may have, and the Go files that define them. */
interface Group {
  kinds: readonly string[]
  /** Below the folder of `k8s.io` modules; none where Kubernetes has none. */
  files: readonly string[]
}

const meta = 'apimachinery/pkg/apis/meta/v1/types.go'
const names = 'apimachinery/pkg/apis/meta/v1/group_version.go'
const configuration = 'apiserver/pkg/apis/apiserver/v1/types*.go'

const groups: Record<string, Group> = {
  v1: {
    kinds: ['Namespace', 'Service', 'ServiceAccount'],
    files: ['api/core/v1/types.go', meta],
  },
  'apps/v1': {
    kinds: ['Deployment'],
    files: ['api/apps/v1/types.go', 'api/core/v1/types.go', meta],
  },
  'rbac.authorization.k8s.io/v1': {
    kinds: ['Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding'],
    files: ['api/rbac/v1/types.go', meta],
  },
  'storagemigration.k8s.io/v1': {
    kinds: ['StorageVersionMigration'],
    files: ['api/storagemigration/v1/types.go', meta, names],
  },
  'apiserver.config.k8s.io/v1': {
    kinds: ['AuthenticationConfiguration', 'EncryptionConfiguration'],
    files: [configuration],
  },
  // Of a project of its own, whose definitions the guide does not install.
  'gateway.networking.k8s.io/v1': {
    kinds: ['Gateway', 'HTTPRoute'],
    files: [],
  },
}

/**
 * The documents of a YAML file.
 *
 * @throws when it is no YAML, or names a field twice
 */
export function documentsOf(text: string): Document[] {
  return parseAllDocuments(text).map((document) => {
    const [error] = document.errors
    if (error) throw error
    return document.toJS()
  })
}

/** What is wrong with the kind of a document. */
export function wrongKind({ apiVersion, kind }: Document): string[] {
  const known = groups[apiVersion]?.kinds ?? []
  return known.includes(kind) ? [] : [`there is no ${apiVersion} ${kind}`]
}

function sourcesOf(file: string): string[] {
  const version = `v0.${versionOf('kubelet').replace(/^1\./, '')}`
  return globSync(sourceOf(join('k8s.io', file.replace('/', `@${version}/`))))
}

/** Definitions of the kinds of examples that are not to be had here. */
export function missingDefinitions(): string[] {
  return Object.values(groups)
    .flatMap(({ files }) => files)
    .filter((file) => sourcesOf(file).length === 0)
}

/** Fields of a document that the pinned version of Kubernetes has not. */
export function unknownToKubernetes(document: Document): string[] {
  const { apiVersion, kind, ...fields } = document
  const { files = [] } = groups[apiVersion] ?? {}
  if (files.length === 0) return []
  const known = definitions.get(kind) ?? readDefinition(kind, files)
  definitions.set(kind, known)
  return unknownFields(fields, known)
}

// What a pod can have is a thousand fields: it is read once.
const definitions = new Map<string, Help>()

function readDefinition(kind: string, files: readonly string[]): Help {
  const source = files
    .flatMap(sourcesOf)
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n')
    // The fields of a list are those of what is in it.
    .replaceAll('[]', '')
    // Fields without comments are aligned.
    .replaceAll(/ {2,}/g, ' ')
  return readTypes(source, kind)
}

/** Fields, with their path, that a program or a definition does not know. */
export function unknownFields(
  value: unknown,
  known: Help,
  path = '',
): string[] {
  if (Array.isArray(value)) {
    return value.flatMap((item) => unknownFields(item, known, path))
  }
  if (typeof value !== 'object' || value === null) return []
  if (known.get(path)?.isMap) return []
  return Object.entries(value).flatMap(([name, inner]) => {
    const field = path ? `${path}.${name}` : name
    return known.has(field)
      ? unknownFields(inner, known, field)
      : [`there is no field ${field}`]
  })
}

const tables = /^(host\."[^"]+"(\.header)?)$/
const keys = /^(server|capabilities|ca|client|skip_verify|override_path)$/

/**
 * What is wrong with a file that says how a registry is reached. containerd
 * reads one only when it pulls, so no program can be asked.
 */
export function wrongHosts(text: string): string[] {
  const lines = text.split('\n').filter((line) => !/^\s*(#|$)/.test(line))
  return lines.flatMap((line) => {
    const [, table] = /^\[(.+)\]$/.exec(line) ?? []
    const [, key, value = ''] = /^(\w+) = (.+)$/.exec(line) ?? []
    if (table !== undefined) {
      return tables.test(table) ? [] : [`there is no table ${table}`]
    }
    if (key === undefined) return [`is no line of TOML: ${line}`]
    if (!keys.test(key)) return [`there is no key ${key}`]
    return isJson(value) ? [] : [`${key} is no value: ${value}`]
  })
}

// Strings, lists and booleans, as we write them, are the same in TOML.
function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
