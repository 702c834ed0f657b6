import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { architectures } from '../../lib/artifacts/artifact.ts'
import { artifactsFolder, mirrorPath } from '../../lib/artifacts/cache.ts'
import {
  type Catalogue,
  defaultVersions,
} from '../../lib/artifacts/catalogue.ts'
import { ChecksumError, UnavailableError } from '../../lib/artifacts/errors.ts'
import {
  type Architecture,
  type ObtainOptions,
  obtain,
  prepareAll,
} from '../../lib/artifacts/obtain.ts'
import type { ArtifactEvent } from '../../lib/artifacts/progress.ts'
import { urlsFor } from '../../lib/artifacts/urls.ts'
import { programText, publish } from './publisher.ts'
import { type FileServer, patient, serve, sha256 } from './server.ts'

// Busy computers are slow, and nothing here is about speed.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

let server: FileServer
let folder: string
let catalogue: Catalogue
let events: ArtifactEvent[]
let options: ObtainOptions

beforeEach(async () => {
  server = await serve()
  folder = mkdtempSync(join(tmpdir(), 'obtain-'))
  vi.stubEnv('XDG_CACHE_HOME', folder)
  catalogue = publish(server)
  events = []
  options = {
    catalogue,
    patience: { ...patient, attempts: 2 },
    sources: ['download'],
    report: (event) => events.push(event),
  }
})

afterEach(async () => {
  await server.close()
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

const get = (name: string, architecture: Architecture = 'amd64') => {
  const { kubernetes, etcd, ...others } = defaultVersions()
  const versions: Record<string, string> = { ...others, etcd, etcdctl: etcd }
  versions.pause = '3.10.2'
  versions.agnhost = '2.66.1'
  versions.bridge = others['cni-plugins']
  return obtain(name, versions[name] ?? kubernetes, architecture, options)
}
const notes = () =>
  events.flatMap((event) => (event.kind === 'note' ? [event.text] : []))
const paths = () => server.seen.map(({ path }) => path)
const lockFile = () => join(artifactsFolder(), 'artifacts.lock.yaml')
const everything = () =>
  readdirSync(artifactsFolder(), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/^\.lock|flock$/.test(entry.name))
    .map(({ name }) => name)
    .sort()
const pathOf = (end: string) =>
  [...server.files.keys()].find((path) => path.endsWith(end)) ?? ''

describe('the release of a publisher', () => {
  test('is a program that runs', async () => {
    const kubelet = await get('kubelet')
    expect(kubelet).toMatchObject({
      name: 'kubelet',
      version: '1.37.1',
      architecture: 'amd64',
      source: 'download',
      origin: 'download',
      official: true,
    })
    const text = programText('kubelet', '1.37.1', 'amd64')
    expect(kubelet.sha256).toBe(sha256(text))
    expect(execFileSync(kubelet.file, { encoding: 'utf8' })).toBe(
      'kubelet 1.37.1 amd64\n',
    )
    expect(everything()).toEqual(['kubelet', 'kubelet.json'])
  })

  test('is taken out of its archive, with all that comes in it', async () => {
    const etcdctl = await get('etcdctl', 'arm64')
    expect(readFileSync(etcdctl.file, 'utf8')).toBe(
      programText('etcdctl', '3.7.1', 'arm64'),
    )
    expect(everything().filter((name) => !name.endsWith('.json'))).toEqual([
      'etcd',
      'etcdctl',
      'etcdutl',
    ])
    const before = server.seen.length
    expect(await get('etcd', 'arm64')).toMatchObject({ source: 'cache' })
    expect(server.seen).toHaveLength(before)
  })

  test('is found in an archive whose names begin with ./', async () => {
    const { file } = await get('bridge')
    expect(readFileSync(file, 'utf8')).toContain('bridge 1.9.1')
  })

  test('of an image is checked down to its last layer', async () => {
    const pause = await get('pause')
    const { digest } = pause
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/)
    const list = execFileSync('tar', ['-tf', pause.file], { encoding: 'utf8' })
    expect(list).toContain(`blobs/${digest?.replace(':', '/')}\n`)
  })

  test('of an image stops when a layer is another', async () => {
    await get('pause')
    const layer = paths().findLast((path) => path.includes('/blobs/')) ?? ''
    rmSync(join(folder, 'kubernetes-from-scratch'), { recursive: true })
    server.put(layer, 'another layer')
    await expect(get('pause')).rejects.toBeInstanceOf(ChecksumError)
    expect(everything()).toEqual([])
  })

  test('of an image stops when the tag names another image', async () => {
    const tag = '/registry.k8s.io/v2/pause/manifests/3.10.2'
    const other = '/registry.k8s.io/v2/e2e-test-images/agnhost/manifests/2.66.1'
    const content = server.files.get(other)?.content ?? ''
    const manifests = JSON.parse(String(content)) as {
      manifests: { digest: string }[]
    }
    server.put(tag, content)
    for (const { digest } of manifests.manifests) {
      const at = other.replace('2.66.1', digest)
      server.put(
        tag.replace('3.10.2', digest),
        server.files.get(at)?.content ?? '',
      )
    }
    await expect(get('pause')).rejects.toThrow(
      'Wrong checksum: registry.k8s.io/pause:3.10.2 linux/amd64',
    )
  })

  test('is had for every name and both architectures', async () => {
    const cluster = {
      versions: defaultVersions(),
      artifacts: { sources: options.sources ?? [] },
    }
    for (const architecture of architectures) {
      const all = await prepareAll(cluster, architecture, options)
      const names = Object.values(catalogue.components)
        .filter(({ onlyFor }) => onlyFor === undefined)
        .flatMap(({ files }) => files)
      expect(all.map(({ name }) => name).sort()).toEqual(names.sort())
      for (const { file, sha256: recorded } of all) {
        expect(sha256(readFileSync(file))).toBe(recorded)
      }
    }
    const archives = paths().filter((path) => /\.t(ar\.)?gz$/.test(path))
    expect(archives.length).toBe(new Set(archives).size)
  })
})

describe('a kubelet of its own version', () => {
  test('stands beside the other programs of Kubernetes', async () => {
    const url = '/dl.k8s.io/release/v1.36.4/bin/linux/amd64/kubelet'
    server.put(url, 'an older kubelet')
    server.put(`${url}.sha256`, `${sha256('an older kubelet')}\n`)
    delete catalogue.components.kubernetes?.sha256['1.36.4']
    const versions = { ...defaultVersions(), kubelet: '1.36.4' }
    const artifacts = { sources: ['download'] as const }
    const all = await prepareAll({ versions, artifacts }, 'amd64', options)
    const versionOf = (name: string) =>
      all.find((one) => one.name === name)?.version
    expect(versionOf('kubelet')).toBe('1.36.4')
    expect(versionOf('kubectl')).toBe('1.37.1')
  })
})

describe('the cache', () => {
  test('answers without any network', async () => {
    const first = await get('kubelet')
    await server.close()
    const again = await get('kubelet')
    expect(again).toEqual({ ...first, source: 'cache' })
    expect(notes()).toEqual([])
  })

  test('believes a file that was touched and not changed', async () => {
    const { file } = await get('kubelet')
    utimesSync(file, 1, 1)
    const before = server.seen.length
    expect(await get('kubelet')).toMatchObject({ source: 'cache' })
    expect(server.seen).toHaveLength(before)
  })

  test.each([
    ['longer', (file: string) => appendFileSync(file, '!')],
    [
      'changed and just as long',
      (file: string) => {
        const { length } = readFileSync(file)
        writeFileSync(file, 'x'.repeat(length))
      },
    ],
    ['without its record', (file: string) => rmSync(`${file}.json`)],
    [
      'beside a record that nobody can read',
      (file: string) => writeFileSync(`${file}.json`, '{"sha256": 1'),
    ],
  ])('drops a file that is %s and fetches it anew', async (_, damage) => {
    const { file, sha256: right } = await get('kubelet')
    damage(file)
    const again = await get('kubelet')
    expect(again).toMatchObject({ source: 'download', sha256: right })
    expect(sha256(readFileSync(file))).toBe(right)
    expect(notes().join()).toContain(file)
  })

  test('drops a file when another release is pinned', async () => {
    await get('kubelet')
    const url = '/dl.k8s.io/release/v1.37.1/bin/linux/amd64/kubelet'
    server.put(url, 'a corrected kubelet')
    const pins = catalogue.components.kubernetes?.sha256['1.37.1']?.amd64
    Object.assign(pins ?? {}, { kubelet: sha256('a corrected kubelet') })
    const again = await get('kubelet')
    expect(again).toMatchObject({ source: 'download' })
    expect(again.sha256).toBe(sha256('a corrected kubelet'))
  })

  test('alone says that it has nothing', async () => {
    options.sources = ['cache']
    await expect(get('kubelet')).rejects.toThrow(
      'Cannot get kubelet of kubernetes 1.37.1 amd64; sources are cache',
    )
    expect(server.seen).toEqual([])
  })

  test('that cannot be written to says where it is', async () => {
    mkdirSync(join(folder, 'kubernetes-from-scratch'))
    writeFileSync(artifactsFolder(), 'a file, not a folder')
    await expect(get('kubelet')).rejects.toThrow(artifactsFolder())
  })
})

describe('a wrong checksum', () => {
  const kubelet = '/dl.k8s.io/release/v1.37.1/bin/linux/amd64/kubelet'

  test('stops everything, keeps nothing, tries no other source', async () => {
    server.put(kubelet, 'an evil kubelet')
    options.sources = ['download', 'mirror', 'build']
    options.mirror = server.url
    const outcome = get('kubelet')
    await expect(outcome).rejects.toBeInstanceOf(ChecksumError)
    await expect(outcome).rejects.toThrow(`${server.url}${kubelet}`)
    expect(everything()).toEqual([])
    expect(paths()).toEqual([kubelet])
  })

  test('of an archive keeps none of its files', async () => {
    server.put(pathOf('etcd-v3.7.1-linux-amd64.tar.gz'), 'no archive')
    // The publisher says the same, or it would stop before that.
    await expect(get('etcd')).rejects.toBeInstanceOf(ChecksumError)
    expect(everything()).toEqual([])
  })

  test('stops the other downloads of the same run', async () => {
    server.put(kubelet, 'an evil kubelet')
    server.mischief.set(kubelet.replace('kubelet', 'kube-proxy'), [
      { stallAfter: 5 },
      { stallAfter: 5 },
    ])
    const cluster = {
      versions: defaultVersions(),
      artifacts: { sources: ['download', 'build'] as const },
    }
    const outcome = prepareAll(cluster, 'amd64', options)
    await expect(outcome).rejects.toBeInstanceOf(ChecksumError)
    expect(everything()).not.toContain('kubelet')
  })

  test('in the versions file stops before anything is fetched', async () => {
    // Pins of tier C have to be what the publisher says.
    const sums = pathOf('/SHA256SUMS')
    const text = String(server.files.get(sums)?.content)
    server.put(sums, text.replace(/^[0-9a-f]{64}/, '0'.repeat(64)))
    await expect(get('etcd')).rejects.toThrow('the versions file says')
    expect(paths()).toEqual([sums])
  })
})

describe('a download that the versions file does not pin', () => {
  const tarball = '/coredns_1.14.7_linux_arm64.tgz'
  const kubelet = '/dl.k8s.io/release/v1.36.9/bin/linux/amd64/kubelet'
  const old = () => obtain('kubelet', '1.36.9', 'amd64', options)

  test('must be what its publisher says, and that is remembered', async () => {
    await get('coredns', 'arm64')
    const lock = readFileSync(lockFile(), 'utf8')
    const content = server.files.get(pathOf(tarball))?.content ?? ''
    expect(lock).toContain(`${pathOf(tarball)}:`)
    expect(lock).toContain(`sha256: ${sha256(content)}`)
    expect(lock).toContain(`from: ${server.url}${pathOf(tarball)}.sha256`)
  })

  test('is not needed to be in the versions file at all', async () => {
    server.put(kubelet, 'an old kubelet')
    server.put(`${kubelet}.sha256`, sha256('an old kubelet'))
    expect(await old()).toMatchObject({ source: 'download', official: true })
    expect(urlsFor('kubelet', '1.36.9', 'amd64', catalogue)).toEqual({
      url: server.url + kubelet,
      sha256OfDownload: sha256('an old kubelet'),
    })
  })

  test('is refused without a checksum of its publisher', async () => {
    server.put(kubelet, 'an old kubelet')
    await expect(old()).rejects.toThrow(
      `${server.url}${kubelet}.sha256 answered 404`,
    )
    expect(everything()).toEqual([])
  })

  test('stops when it is not what its publisher says', async () => {
    server.put(kubelet, 'an old kubelet')
    server.put(`${kubelet}.sha256`, sha256('another kubelet'))
    await expect(old()).rejects.toBeInstanceOf(ChecksumError)
    expect(everything()).toEqual([])
  })

  test('stops when the checksum file is a page of a proxy', async () => {
    server.put(kubelet, 'an old kubelet')
    server.put(`${kubelet}.sha256`, '<html>Please log in</html>')
    await expect(old()).rejects.toThrow(
      `Checksum file ${server.url}${kubelet}.sha256: ` +
        'found "<html>Please log in</html>"',
    )
  })

  test('stops when its publisher says something else later', async () => {
    server.put(kubelet, 'an old kubelet')
    server.put(`${kubelet}.sha256`, sha256('an old kubelet'))
    const { file } = await old()
    rmSync(file)
    server.put(kubelet, 'a new old kubelet')
    server.put(`${kubelet}.sha256`, sha256('a new old kubelet'))
    const outcome = old()
    await expect(outcome).rejects.toBeInstanceOf(ChecksumError)
    await expect(outcome).rejects.toThrow(
      `said ${sha256('an old kubelet')} on 20`,
    )
    expect(existsSync(file)).toBe(false)
    expect(paths().filter((path) => path === kubelet)).toHaveLength(1)
  })

  test('stops at an entry that somebody else put there', async () => {
    mkdirSync(artifactsFolder(), { recursive: true })
    const entry = { sha256: 'f'.repeat(64), from: 'elsewhere', since: 'today' }
    const lock = { [server.url + pathOf(tarball)]: entry }
    writeFileSync(lockFile(), JSON.stringify(lock))
    await expect(get('coredns', 'arm64')).rejects.toThrow(
      `elsewhere said ${'f'.repeat(64)} on today`,
    )
  })

  test('names the line of a lock file that it cannot read', async () => {
    mkdirSync(artifactsFolder(), { recursive: true })
    writeFileSync(lockFile(), '# by hand\nhttp://x/:\n  sha256: abc\n')
    await expect(get('coredns', 'arm64')).rejects.toThrow(
      `${lockFile()}:3: http://x/.sha256 is "abc"; ` +
        'allowed: 64 hexadecimal digits',
    )
  })

  test('of an image is remembered by its digest', async () => {
    const { digest } = await get('agnhost')
    expect(readFileSync(lockFile(), 'utf8')).toContain(
      `sha256: ${digest?.replace('sha256:', '')}`,
    )
  })
})

describe('sources', () => {
  test('that cannot give it are passed over, and said so', async () => {
    const path = pathOf('/runc.amd64')
    const host = new URL(server.url).host
    server.put(`/m/${host}${path}`, server.files.get(path)?.content ?? '')
    server.files.delete(path)
    options.sources = ['download', 'cache', 'mirror']
    options.mirror = `${server.url}/m/`
    const runc = await get('runc')
    expect(runc).toMatchObject({ source: 'mirror', official: true })
    expect(notes()).toEqual([
      'runc 1.5.1 amd64: not by download: ' +
        `${server.url}${path} answered 404 Not Found`,
    ])
  })

  test('that all fail are all named, with what to do', async () => {
    server.files.clear()
    options.sources = ['download', 'cache', 'mirror']
    const outcome = get('kubelet')
    await expect(outcome).rejects.toBeInstanceOf(UnavailableError)
    await expect(outcome).rejects.toThrow(/download: .* answered 404/)
    await expect(outcome).rejects.toThrow('mirror: no mirror is named')
    await expect(outcome).rejects.toMatchObject({
      next: ['name one in cluster.yaml, as `artifacts.mirror`'],
    })
  })

  test('fill the gaps that the one before left', async () => {
    const proxy = '/dl.k8s.io/release/v1.37.1/bin/linux/amd64/kube-proxy'
    const host = new URL(server.url).host
    const content = server.files.get(proxy)?.content ?? ''
    server.files.delete(proxy)
    server.put(`/m/${host}${proxy}`, content)
    const cluster = {
      versions: defaultVersions(),
      artifacts: {
        sources: ['download', 'mirror'] as const,
        mirror: `${server.url}/m`,
      },
    }
    const all = await prepareAll(cluster, 'amd64', options)
    const from = (name: string) => all.find((one) => one.name === name)?.source
    expect(from('kube-proxy')).toBe('mirror')
    expect(from('kubelet')).toBe('download')
  })
})

describe('a mirror that serves the cache of an operator', () => {
  /** Serves what is in the cache, then empties it. */
  async function serveCache(name: string, changes: object = {}) {
    const { version, file, architecture } = await get(name)
    const path = mirrorPath({ name, version, architecture }, catalogue)
    const record = JSON.parse(readFileSync(`${file}.json`, 'utf8')) as object
    const text = JSON.stringify({ ...record, ...changes })
    server.files.clear()
    server.put(`/cache/${path}`, readFileSync(file))
    server.put(`/cache/${path}.json`, text)
    rmSync(join(folder, 'kubernetes-from-scratch'), { recursive: true })
    options.sources = ['mirror']
    options.mirror = `${server.url}/cache`
    return `/cache/${path}`
  }
  const built = { origin: 'build', official: false, download: undefined }

  test('gives what its record says', async () => {
    await serveCache('etcd')
    const etcd = await get('etcd')
    expect(etcd).toMatchObject({ source: 'mirror', official: true })
    expect(readFileSync(etcd.file, 'utf8')).toContain('etcd 3.7.1')
  })

  test('cannot pass off another file as a pinned release', async () => {
    const path = await serveCache('kubelet', { sha256: sha256('evil') })
    server.put(path, 'evil')
    await expect(get('kubelet')).rejects.toBeInstanceOf(ChecksumError)
  })

  test('cannot pass off the files of another archive', async () => {
    await serveCache('etcd', { download: sha256('another archive') })
    await expect(get('etcd')).rejects.toBeInstanceOf(ChecksumError)
    expect(everything()).toEqual([])
  })

  test('is not believed when file and record differ', async () => {
    const path = await serveCache('etcd')
    server.put(path, 'evil')
    await expect(get('etcd')).rejects.toBeInstanceOf(ChecksumError)
    expect(everything()).toEqual([])
  })

  test('gives what was built only to those who would build', async () => {
    await serveCache('kubelet', built)
    await expect(get('kubelet')).rejects.toThrow(
      'was built by whoever runs the mirror',
    )
    options.sources = ['mirror', 'build']
    expect(await get('kubelet')).toMatchObject({
      source: 'mirror',
      official: false,
    })
  })
})

describe('runs at the same time', () => {
  test('in one process fetch a file once', async () => {
    const all = await Promise.all([get('runc'), get('runc'), get('runc')])
    expect(all.map(({ source }) => source).sort()).toEqual([
      'cache',
      'cache',
      'download',
    ])
    expect(paths()).toHaveLength(1)
  })

  test('leave no temporary files', async () => {
    await Promise.all(['kubelet', 'kubectl', 'kube-proxy'].map((n) => get(n)))
    expect(everything()).toHaveLength(6)
    const names = readdirSync(artifactsFolder(), { recursive: true })
    expect(names.filter((name) => String(name).includes('.work'))).toEqual([])
  })
})

test('an unknown name is answered with those that exist', async () => {
  await expect(obtain('crictl', '1.37.1', 'amd64', options)).rejects.toThrow(
    'The versions file has no artifact named crictl; allowed are ' +
      'kube-apiserver, kube-controller-manager',
  )
})

test('programs may be executed and archives not', async () => {
  const mode = async (name: string) => statSync((await get(name)).file).mode
  expect((await mode('kubelet')) & 0o777).toBe(0o755)
  expect((await mode('pause')) & 0o777).toBe(0o644)
})
