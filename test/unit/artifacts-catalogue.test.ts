import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { architectures } from '../../lib/artifacts/artifact.ts'
import { recipeOf } from '../../lib/artifacts/build.ts'
import { mirrorPath } from '../../lib/artifacts/cache.ts'
import {
  catalogue,
  componentOf,
  defaultVersions,
  imageReference,
  parseCatalogue,
  pinOf,
  releaseOf,
} from '../../lib/artifacts/catalogue.ts'
import { urlsFor } from '../../lib/artifacts/urls.ts'
import { components } from '../../lib/cluster-schema.ts'

const folder = join(import.meta.dirname, '../../lib/artifacts')
const source = readFileSync(join(folder, 'versions.yaml'), 'utf8')
const all = Object.entries(catalogue().components)
const everyFile = all.flatMap(([component, entry]) =>
  [...new Set([entry.default, ...Object.keys(entry.sha256)])].flatMap(
    (version) =>
      architectures.flatMap((architecture) =>
        entry.files.map((name) => {
          return { component, entry, version, architecture, name }
        }),
      ),
  ),
)

describe('the versions file', () => {
  test('has a default for every component that a cluster may choose', () => {
    expect(Object.keys(defaultVersions()).sort()).toEqual(
      [...components].sort(),
    )
  })

  test('measures against a kubeadm of the version of Kubernetes', () => {
    const { kubernetes, kubeadm } = catalogue().components
    expect(kubeadm?.default).toBe(kubernetes?.default)
    expect(kubeadm?.onlyFor).toBe('bench')
  })

  test('names every file once', () => {
    const names = all.flatMap(([, { files }]) => files)
    expect(new Set(names).size).toBe(names.length)
    expect(names).toEqual(
      expect.arrayContaining([
        ...['etcd', 'etcdctl', 'etcdutl', 'kube-apiserver', 'kubelet'],
        ...['kube-controller-manager', 'kube-scheduler', 'kube-proxy'],
        ...['kubectl', 'containerd', 'containerd-shim-runc-v2', 'ctr', 'runc'],
        ...['bridge', 'host-local', 'loopback', 'portmap'],
        ...['pause', 'coredns', 'agnhost'],
      ]),
    )
  })

  test.each(everyFile)(
    'tells how to check $name $version $architecture',
    ({ entry, version, architecture, name }) => {
      const release = releaseOf(name, version, architecture)
      if (!release) {
        // An image's manifest comes from its registry, by https.
        expect(entry.image?.manifest).toMatch(/^https:\/\/registry\.k8s\.io\//)
        return
      }
      expect(release.url).toMatch(/^https:\/\//)
      expect(release.url).toContain(version)
      expect(release.url).toContain(architecture)
      expect(release.url).not.toContain('{')
      expect(release.member ?? '').not.toContain('{')
      expect(release.checksum.url).toMatch(/^https:\/\//)
      expect(release.checksum.url).toContain(version)
      expect(release.checksum.url).not.toContain('{')
    },
  )

  test.each(everyFile)(
    'pins 64 hexadecimal digits for $name $version $architecture, or nothing',
    ({ entry, version, architecture, name }) => {
      const pin = pinOf(entry.sha256, name, version, architecture)
      const known = ['agnhost 2.66.1', 'coredns 1.14.7']
      const unpinned = known.includes(`${name} ${version}`)
      if (pin || !unpinned) expect(pin).toMatch(/^[0-9a-f]{64}$/)
    },
  )

  test('gives no two files the same hash', () => {
    const pins = new Set<string>()
    const downloads = new Set<string>()
    for (const { entry, name, version, architecture } of everyFile) {
      const pin = pinOf(entry.sha256, name, version, architecture)
      const url = releaseOf(name, version, architecture)?.url
      if (!pin) continue
      pins.add(pin)
      downloads.add(url ?? `${name} ${architecture}`)
    }
    expect(pins.size).toBe(downloads.size)
  })

  test('has a Go module to build every version that it pins', async () => {
    for (const { entry, version } of everyFile) {
      const recipe = await recipeOf(entry, version)
      expect(recipe, `${entry.build.module} ${version}`).toBeDefined()
    }
  })

  test('pins both versions of Kubernetes that an upgrade needs', () => {
    const { sha256 } = catalogue().components.kubernetes ?? {}
    expect(Object.keys(sha256 ?? {})).toEqual(['1.37.1', '1.36.4'])
  })

  test('keeps to the names that pods ask for', () => {
    expect(imageReference('pause', '3.10.2')).toBe(
      'registry.k8s.io/pause:3.10.2',
    )
    expect(imageReference('coredns', '1.14.7')).toBe(
      'registry.k8s.io/coredns/coredns:v1.14.7',
    )
    expect(imageReference('agnhost', '2.66.1')).toBe(
      'registry.k8s.io/e2e-test-images/agnhost:2.66.1',
    )
    expect(() => imageReference('kubelet', '1.37.1')).toThrow('not an image')
  })
})

describe('a mistake in a versions file', () => {
  const lineOf = (text: string) =>
    source.split('\n').findIndex((line) => line.includes(text)) + 1

  test.each([
    [
      'a short hash',
      (text: string) => text.replace(/(amd64: [0-9a-f]{63})[0-9a-f]$/m, '$1'),
      'allowed: 64 hexadecimal digits',
    ],
    [
      'a form that nobody writes',
      (text: string) => text.replace('form: bare', 'form: md5'),
      'components.kubernetes.release.checksum.form is "md5"; ' +
        'allowed: one of bare, sums, clear-signed',
    ],
    [
      'half a version',
      (text: string) => text.replace('default: 3.7.1', 'default: 3.7'),
      'components.etcd.default is 3.7; allowed: a full version such as 1.37.1',
    ],
    [
      'an unknown field',
      (text: string) => text.replace('    default: 3.7.1', '    defalt: 3.7.1'),
      'components.etcd',
    ],
  ])('%s is named with its line', (_, spoil, message) => {
    const spoiled = spoil(source)
    expect(spoiled).not.toBe(source)
    const read = () => parseCatalogue(spoiled, 'versions.yaml')
    expect(read).toThrow(message)
    expect(read).toThrow(/versions\.yaml:\d+: /)
  })

  test('has the right line', () => {
    const spoiled = source.replace('default: 3.7.1', 'default: 3.7')
    expect(() => parseCatalogue(spoiled, 'v')).toThrow(
      `v:${lineOf('default: 3.7.1')}: components.etcd.default`,
    )
  })

  test('in its YAML is named with its line', () => {
    expect(() => parseCatalogue('components:\n  a: [1\n', 'v')).toThrow(
      /^v:\d: /,
    )
  })

  test('is told together with the others', () => {
    const spoiled = source
      .replace('default: 3.7.1', 'default: 3.7')
      .replace('form: bare', 'form: md5')
    const lines = () => parseCatalogue(spoiled, 'v')
    expect(lines).toThrow('components.etcd.default')
    expect(lines).toThrow('components.kubernetes.release.checksum.form')
  })
})

test('a file knows its component', () => {
  expect(componentOf('etcdctl')).toBe('etcd')
  expect(componentOf('kubelet')).toBe('kubernetes')
  expect(() => componentOf('crictl')).toThrow('allowed are kube-apiserver')
})

test('a machine is told where to fetch a file by itself', () => {
  const etcd = urlsFor('etcd', '3.7.1', 'amd64')
  expect(etcd).toMatchObject({
    url:
      'https://github.com/etcd-io/etcd/releases/download/v3.7.1/' +
      'etcd-v3.7.1-linux-amd64.tar.gz',
    member: 'etcd-v3.7.1-linux-amd64/etcd',
  })
  expect(urlsFor('kubelet', '1.37.1', 'arm64')).not.toHaveProperty('member')
})

test('a machine is not told where to fetch what it could not check', () => {
  expect(urlsFor('pause', '3.10.2', 'amd64')).toBeUndefined()
  expect(urlsFor('kubelet', '1.35.99', 'amd64')).toBeUndefined()
})

test('the cache has one place for each file', () => {
  const paths = everyFile.map((file) => mirrorPath(file))
  expect(new Set(paths).size).toBe(paths.length)
  expect(paths).toContain('kubernetes/1.37.1/amd64/kubelet')
  expect(paths).toContain('coredns/1.14.7/arm64/coredns.tar')
})
