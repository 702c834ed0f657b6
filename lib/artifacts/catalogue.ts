import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Component } from '../cluster-schema.ts'
import { GuideError } from '../errors.ts'
import type { Architecture } from './artifact.ts'
import { readCheckedYaml } from './checked-yaml.ts'

const text = z.string({ error: 'a text' }).min(1, { error: 'a text' })
const version = z
  .string({ error: 'a full version such as 1.37.1' })
  .regex(/^\d+\.\d+\.\d+$/, { error: 'a full version such as 1.37.1' })
const url = text.regex(/^https?:\/\/\S+$/, { error: 'an https URL' })
const hash = z
  .string({ error: '64 hexadecimal digits' })
  .regex(/^[0-9a-f]{64}$/, { error: '64 hexadecimal digits' })
const hashes = z.union([hash, z.record(text, hash)], {
  error: '64 hexadecimal digits, or such for each file',
})

const component = z.strictObject({
  default: version,
  // The one command that needs it; absent for what clusters are made of.
  onlyFor: text.optional(),
  files: z.array(text).min(1),
  image: z
    .strictObject({ reference: text, manifest: url.optional() })
    .optional(),
  release: z
    .strictObject({
      url,
      member: text.optional(),
      checksum: z.strictObject({
        url: text,
        form: z.enum(['bare', 'sums', 'clear-signed'], {
          error: 'one of bare, sums, clear-signed',
        }),
      }),
    })
    .optional(),
  build: z.strictObject({
    module: text,
    packages: z.record(text, text).optional(),
    source: text.optional(),
    says: z.strictObject({ file: text, pattern: text }).optional(),
    cgo: z.boolean().default(false),
    tags: z.array(text).default([]),
    stamps: z.array(text).default([]),
  }),
  sha256: z
    .record(
      version,
      z.strictObject({
        tier: z.enum(['A', 'C'], { error: 'one of A, C' }),
        source: text,
        amd64: hashes.optional(),
        arm64: hashes.optional(),
      }),
    )
    .default({}),
})

const schema = z.strictObject({ components: z.record(text, component) })

/** The versions file, checked. */
export type Catalogue = z.infer<typeof schema>

/** What the versions file says of one component. */
export type ComponentEntry = Catalogue['components'][string]

/** How a checksum file is written. */
export type ChecksumForm = NonNullable<
  ComponentEntry['release']
>['checksum']['form']

/** What to fetch for one file, and what it must be. */
export interface Release {
  url: string
  /** The file's path in the archive that `url` is; absent for a bare file. */
  member?: string
  /** Of what `url` gives, where it is pinned. */
  sha256?: string
  /** The publisher has to confirm the pin: it was found at third parties. */
  confirm: boolean
  checksum: { url: string; form: ChecksumForm }
}

const versionsFile = join(import.meta.dirname, 'versions.yaml')
let known: Catalogue | undefined

/**
 * The versions file that ships with the guide, read once.
 *
 * @throws {GuideError} with every mistake in it: file, line, what is allowed
 * @example
 * catalogue().components.etcd?.default // '3.7.1'
 */
export function catalogue(): Catalogue {
  known ??= parseCatalogue(readFileSync(versionsFile, 'utf8'), versionsFile)
  return known
}

/**
 * Reads a versions file.
 *
 * @param source its text
 * @param name how errors call it
 * @throws {GuideError} with every mistake in it: file, line, what is allowed
 * @example
 * parseCatalogue(readFileSync('versions.yaml', 'utf8'), 'versions.yaml')
 */
export function parseCatalogue(source: string, name: string): Catalogue {
  return readCheckedYaml(source, name, schema)
}

/**
 * The versions that a cluster gets when its file names none.
 *
 * @example
 * defaultVersions().kubernetes // '1.37.1'
 */
export function defaultVersions(): Record<Component, string> {
  const of = (name: string) => entryOf(name, catalogue()).default
  return {
    kubernetes: of('kubernetes'),
    kubelet: of('kubernetes'),
    etcd: of('etcd'),
    containerd: of('containerd'),
    runc: of('runc'),
    'cni-plugins': of('cni-plugins'),
    coredns: of('coredns'),
  }
}

/**
 * The component that a file belongs to.
 *
 * @throws {GuideError} for a name that no component has
 * @example
 * componentOf('etcdctl') // 'etcd'
 */
export function componentOf(name: string, from = catalogue()): string {
  const all = Object.entries(from.components)
  const found = all.find(([, { files }]) => files.includes(name))
  if (found) return found[0]
  const allowed = all.flatMap(([, { files }]) => files).join(', ')
  throw new GuideError(
    `The versions file has no artifact named ${name}; allowed are ${allowed}`,
  )
}

/**
 * What the versions file says of a component.
 *
 * @throws {GuideError} for a component that it does not have
 * @example
 * entryOf('etcd').default // '3.7.1'
 */
export function entryOf(name: string, from = catalogue()): ComponentEntry {
  const entry = from.components[name]
  if (entry) return entry
  const allowed = Object.keys(from.components).join(', ')
  throw new GuideError(
    `The versions file has no component named ${name}; allowed are ${allowed}`,
  )
}

/**
 * Where the publisher puts a file, and how it is checked.
 *
 * @returns undefined where the publisher releases an image only
 * @throws {GuideError} for a name that no component has
 * @example
 * releaseOf('etcdctl', '3.7.1', 'amd64')?.member
 */
export function releaseOf(
  name: string,
  version: string,
  architecture: Architecture,
  from = catalogue(),
): Release | undefined {
  const { release, sha256 } = entryOf(componentOf(name, from), from)
  if (!release) return undefined
  const values = { name, architecture, ...parts(version) }
  const url = fill(release.url, values)
  const pin = pinOf(sha256, name, version, architecture)
  return {
    url,
    ...(release.member && { member: fill(release.member, values) }),
    ...(pin && { sha256: pin }),
    confirm: sha256[version]?.tier === 'C',
    checksum: {
      url: fill(release.checksum.url, { ...values, url }),
      form: release.checksum.form,
    },
  }
}

/**
 * The name of an image, as pods ask for it.
 *
 * @throws {GuideError} for what is no image
 * @example
 * imageReference('pause', '3.10.2') // 'registry.k8s.io/pause:3.10.2'
 */
export function imageReference(
  name: string,
  version: string,
  from = catalogue(),
): string {
  const { image } = entryOf(componentOf(name, from), from)
  if (image) return fill(image.reference, parts(version))
  throw new GuideError(`${name} is a program, not an image`)
}

/**
 * The pinned hash of what is downloaded for a file, if there is one.
 *
 * @example
 * pinOf(entryOf('runc').sha256, 'runc', '1.5.1', 'arm64')
 */
export function pinOf(
  table: ComponentEntry['sha256'],
  name: string,
  version: string,
  architecture: Architecture,
): string | undefined {
  const found = table[version]?.[architecture]
  return typeof found === 'object' ? found[name] : found
}

/**
 * Puts values into the places of a pattern.
 *
 * @example
 * fill('v{version}', { version: '1.5.1' }) // 'v1.5.1'
 */
export function fill(pattern: string, values: Record<string, string>): string {
  return pattern.replace(/\{(\w+)\}/g, (place, key) => values[key] ?? place)
}

/**
 * What patterns may say of a version.
 *
 * @example
 * parts('1.37.1').minor // '37'
 */
export function parts(version: string) {
  const [major = '', minor = ''] = version.split('.')
  return { version, major, minor }
}
