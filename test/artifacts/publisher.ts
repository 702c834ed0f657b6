import { execFileSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parse, stringify } from 'yaml'
import { architectures } from '../../lib/artifacts/artifact.ts'
import {
  type Catalogue,
  fill,
  parseCatalogue,
  parts,
} from '../../lib/artifacts/catalogue.ts'
import { digestOf, imageOf } from '../../lib/artifacts/image.ts'
import { type FileServer, sha256 } from './server.ts'

const file = join(import.meta.dirname, '../../lib/artifacts/versions.yaml')

/** What stands in for a released program. */
export function programText(name: string, version: string, arch: string) {
  return `#!/bin/sh\necho ${name} ${version} ${arch}\n`
}

/**
 * Serves small files in the layout of the real publishers, every default
 * version and architecture, with their checksum files in their real forms.
 *
 * @returns the real versions file, changed in hosts and hashes only
 */
export function publish(server: FileServer): Catalogue {
  const here = (url: string) => url.replace('https://', `${server.url}/`)
  const serve = (url: string, content: Buffer | string) =>
    server.put(new URL(url).pathname, content)
  const text = readFileSync(file, 'utf8')
  const { components } = parse(text) as { components: Catalogue['components'] }

  for (const entry of Object.values(components)) {
    const { release, image, files, default: version } = entry
    const pins = entry.sha256?.[version]
    if (image?.manifest) image.manifest = here(image.manifest)
    if (release) {
      release.url = here(release.url)
      release.checksum.url = here(release.checksum.url)
    }
    const sums = new Map<string, string[]>()
    for (const architecture of architectures) {
      const values = { ...parts(version), architecture }
      const programs = files.map(
        (name) => [name, programText(name, version, architecture)] as const,
      )
      const pin = (hash: string, name?: string) => {
        const place = pins?.[architecture]
        if (!pins || place === undefined) return
        if (typeof place === 'string') pins[architecture] = hash
        else if (name) place[name] = hash
      }
      if (!release) {
        const url = fill(image?.manifest ?? '', values)
        pin(serveImage(serve, url, files[0] ?? '', architecture))
        continue
      }
      const downloads = release.member
        ? [['', pack(release.member, values, programs)] as const]
        : programs
      for (const [name, content] of downloads) {
        const url = fill(release.url, { ...values, name })
        serve(url, content)
        pin(sha256(content), name)
        const at = fill(release.checksum.url, { ...values, url, name })
        const base = url.slice(url.lastIndexOf('/') + 1)
        const line =
          release.checksum.form === 'bare'
            ? sha256(content)
            : `${sha256(content)}  ${base}`
        sums.set(at, [...(sums.get(at) ?? []), line])
      }
    }
    for (const [url, lines] of sums) {
      const signed = release?.checksum.form === 'clear-signed'
      serve(url, signed ? clearSigned(lines) : `${lines.join('\n')}\n`)
    }
  }
  return parseCatalogue(stringify({ components }), 'versions.yaml of a test')
}

export function clearSigned(lines: string[]): string {
  return [
    '-----BEGIN PGP SIGNED MESSAGE-----',
    'Hash: SHA512',
    '',
    ...lines,
    '-----BEGIN PGP SIGNATURE-----',
    '',
    'iQJEBAEBCgAuFiEEycOOKKKKKK==',
    '-----END PGP SIGNATURE-----',
    '',
  ].join('\n')
}

function pack(
  member: string,
  values: Record<string, string>,
  programs: readonly (readonly [string, string])[],
): Buffer {
  const key = JSON.stringify([member, values, programs])
  const known = packed.get(key)
  if (known) return known
  const folder = mkdtempSync(join(tmpdir(), 'publisher-'))
  for (const [name, content] of programs) {
    const path = join(folder, fill(member, { ...values, name }))
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
  }
  // As the CNI project packs: every name begins with ./
  const archive = execFileSync('tar', ['-C', folder, '-cz', '.'])
  rmSync(folder, { recursive: true })
  packed.set(key, archive)
  return archive
}

const packed = new Map<string, Buffer>()

function serveImage(
  serve: (url: string, content: Buffer | string) => string,
  url: string,
  name: string,
  architecture: string,
): string {
  const content = [Buffer.from(programText(name, 'image', architecture))]
  const config = { Entrypoint: [`/${name}`] }
  const files = [{ path: name, content, mode: 0o755 }]
  const image = imageOf(`x/${name}:1`, architecture, config, files)
  for (const blob of [image.config, ...image.layers]) {
    const at = url.replace(/\/manifests\/.*/, `/blobs/${digestOf(blob)}`)
    serve(at, Buffer.concat(blob.content))
  }
  const digest = digestOf(image.manifest)
  const manifest = Buffer.concat(image.manifest.content)
  serve(url.replace(/[^/]*$/, digest), manifest)
  // The tag names an index of all architectures; the last call completes it.
  const known = indexes.get(url) ?? []
  const { mediaType } = image.manifest
  const platform = { os: 'linux', architecture }
  known.push({ mediaType, digest, size: manifest.length, platform })
  indexes.set(url, known)
  serve(url, JSON.stringify({ schemaVersion: 2, manifests: known }))
  return digest.replace('sha256:', '')
}

const indexes = new Map<string, object[]>()
