import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { cacheFile } from '../../lib/artifacts/cache.ts'
import { catalogue, imageReference } from '../../lib/artifacts/catalogue.ts'
import { sha256Of } from '../../lib/artifacts/checksum.ts'
import { digestOf, imageArchive, imageOf } from '../../lib/artifacts/image.ts'
import { tarArchive } from '../../lib/artifacts/tar.ts'

// Archives of many megabytes, perhaps on a busy computer.
vi.setConfig({ testTimeout: 60_000 })

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'image-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const content = [Buffer.from('#!/bin/sh\n'), Buffer.from('exit 0\n')]
const files = [
  { path: 'bin' },
  { path: 'bin/run', content, mode: 0o755 },
  { path: 'bin/sh', link: 'run' },
  { path: 'tmp', mode: 0o1777 },
]
const config = { Entrypoint: ['/bin/run'], User: '65535:65535' }
const image = () => imageOf('registry.test/run:1.0', 'amd64', config, files)

/** Reads an archive with the tar of the system, not with our own code. */
function read(archive: string, path: string): Buffer {
  const options = { maxBuffer: 1 << 30 }
  return execFileSync('tar', ['-xOf', archive, path], options)
}
const json = (archive: string, path: string) =>
  JSON.parse(String(read(archive, path)))

/** Checks an image archive as docker and containerd would. */
function inspect(archive: string, reference: string) {
  const [forDocker] = json(archive, 'manifest.json')
  expect(forDocker.RepoTags).toEqual([reference])
  expect(json(archive, 'oci-layout')).toEqual({ imageLayoutVersion: '1.0.0' })
  const [listed] = json(archive, 'index.json').manifests
  expect(listed.annotations['io.containerd.image.name']).toBe(reference)

  const pathOf = (digest: string) => `blobs/${digest.replace(':', '/')}`
  const blob = ({ digest, size }: { digest: string; size: number }) => {
    const found = read(archive, pathOf(digest))
    expect(`sha256:${sha256Of(found)}`).toBe(digest)
    expect(found).toHaveLength(size)
    return found
  }
  const manifest = JSON.parse(String(blob(listed)))
  const described = JSON.parse(String(blob(manifest.config)))
  expect(pathOf(manifest.config.digest)).toBe(forDocker.Config)
  expect(
    manifest.layers.map(({ digest }: { digest: string }) => pathOf(digest)),
  ).toEqual(forDocker.Layers)
  const layers: Buffer[] = manifest.layers.map(blob)
  return { digest: listed.digest as string, described, layers }
}

describe('an image archive', () => {
  test('is what docker and containerd read', () => {
    const archive = join(folder, 'run.tar')
    writeFileSync(archive, Buffer.concat(imageArchive(image())))
    const found = inspect(archive, 'registry.test/run:1.0')
    const { described, layers, digest } = found
    expect(digest).toBe(digestOf(image().manifest))
    expect(described).toMatchObject({
      architecture: 'amd64',
      os: 'linux',
      config,
      rootfs: { diff_ids: [`sha256:${sha256Of(layers[0] ?? '')}`] },
    })
    const layer = join(folder, 'layer.tar')
    writeFileSync(layer, layers[0] ?? '')
    expect(String(read(layer, 'bin/run'))).toBe('#!/bin/sh\nexit 0\n')
  })

  test('is the same, byte for byte, whenever it is made', () => {
    const [one, other] = [image(), image()].map((each) =>
      Buffer.concat(imageArchive(each)),
    )
    expect(one?.equals(other ?? Buffer.alloc(0))).toBe(true)
  })

  // What an earlier run of the guide left in the cache of this computer.
  const cached = ['pause', 'coredns', 'agnhost'].map((name) => {
    const version = catalogue().components[name]?.default ?? ''
    const file = cacheFile({ name, version, architecture: 'amd64' })
    return { name, version, file }
  })
  for (const { name, version, file } of cached) {
    test.skipIf(!existsSync(file))(`of ${name} in the cache is valid`, () => {
      const { layers, digest } = inspect(file, imageReference(name, version))
      const record = JSON.parse(readFileSync(`${file}.json`, 'utf8'))
      expect(digest).toBe(record.digest)
      const layer = join(folder, 'layer.tar')
      writeFileSync(layer, layers[0] ?? '')
      const program = read(layer, name)
      expect(program.subarray(1, 4).toString()).toBe('ELF')
    })
  }
})

describe('a tar archive', () => {
  test('holds folders, files and links with their rights', () => {
    const archive = join(folder, 'files.tar')
    writeFileSync(archive, Buffer.concat(tarArchive(files)))
    const list = execFileSync('tar', ['-tvf', archive, '--utc'], {
      encoding: 'utf8',
    })
    expect(list.replaceAll(/ +/g, ' ')).toBe(
      [
        'drwxr-xr-x 0/0 0 1970-01-01 00:00 bin/',
        '-rwxr-xr-x 0/0 17 1970-01-01 00:00 bin/run',
        'lrwxrwxrwx 0/0 0 1970-01-01 00:00 bin/sh -> run',
        'drwxrwxrwt 0/0 0 1970-01-01 00:00 tmp/',
        '',
      ].join('\n'),
    )
  })

  test('refuses a name that does not fit', () => {
    const path = 'x'.repeat(101)
    expect(() => tarArchive([{ path, content }])).toThrow('Too long')
  })
})
