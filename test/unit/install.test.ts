import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { cacheFile } from '../../lib/artifacts/cache.ts'
import { loadCluster } from '../../lib/cluster.ts'
import { imageOf, installer } from '../../lib/install.ts'
import { journal } from '../../lib/journal.ts'
import { Machine } from '../../lib/machine.ts'
import { fillCache } from '../fake/artifacts.ts'
import { type Reply, stubHost } from '../fake/stub.ts'

const root = mkdtempSync(join(tmpdir(), 'kfs-install-'))
afterAll(() => {
  vi.unstubAllEnvs()
  rmSync(root, { recursive: true })
})
beforeEach(() => {
  vi.stubEnv('XDG_CACHE_HOME', join(root, 'cache'))
  fillCache(join(root, 'cache'))
})

const cluster = (artifacts: object = { sources: ['cache'] }) => ({
  ...loadCluster('cluster.yaml'),
  artifacts: artifacts as { sources: []; mirror?: string },
})
const etcd = {
  ...{ name: 'etcd', architecture: 'amd64' as const },
  version: cluster().versions.etcd,
}
const facts: [RegExp, Reply] = [/uname -m/, 'x86_64\n2\nmachine\nyes']
const there: [RegExp, Reply] = [/^stat -c '%n/, '/usr/local/bin/etcd']

async function install(
  answers: [RegExp, Reply][],
  options: { artifacts?: object; planning?: boolean; name?: string } = {},
) {
  const { host, asked } = stubHost([facts, ...answers])
  const given = cluster(options.artifacts)
  const machine = new Machine(given.machines[0] as never, host, {
    ...{ planning: options.planning ?? false, journal: journal() },
    installer: installer(given),
  })
  await machine.install([options.name ?? 'etcd'])
  return { text: asked.join('\n---\n'), changes: machine.journal.changes }
}

describe('a program', () => {
  test('is uploaded, compared, and only then gets its name', async () => {
    const { text, changes } = await install([])
    const steps = [
      'upload /usr/local/bin/etcd.new',
      'found=$(sum /usr/local/bin/etcd.new)',
      'mv -fT /usr/local/bin/etcd.new /usr/local/bin/etcd',
    ].map((step) => text.indexOf(step))
    expect(steps.every((at) => at > 0)).toBe(true)
    expect(steps).toEqual(steps.toSorted((a, b) => a - b))
    expect(changes).toEqual(['/usr/local/bin/etcd'])
  })

  test('that was compared before is left alone', async () => {
    const { text, changes } = await install([there])
    expect(text).not.toMatch(/upload|mv -fT/)
    expect(changes).toEqual([])
  })

  test('is only told of under --plan', async () => {
    const { text, changes } = await install([], { planning: true })
    expect(text).not.toMatch(/upload|mv -fT|install -d/)
    expect(changes).toEqual(['/usr/local/bin/etcd'])
  })

  test('that arrives damaged does not get its name', async () => {
    const wrong: [RegExp, Reply] = [/found=\$\(sum/, 65]
    await expect(install([wrong])).rejects.toThrow('exit code 65')
  })

  test('comes from the mirror when there is one', async () => {
    const mirror = 'http://mirror.test'
    const artifacts = { sources: ['cache'], mirror }
    const { text } = await install([], { artifacts })
    expect(text).toContain(`${mirror}/etcd/${etcd.version}/amd64/etcd`)
    expect(text).not.toContain('upload')
  })

  test('comes over SSH when the mirror does not answer', async () => {
    const artifacts = { sources: ['cache'], mirror: 'http://mirror.test' }
    const down: [RegExp, Reply] = [/^curl/, 7]
    const { text } = await install([down], { artifacts })
    expect(text).toContain('upload /usr/local/bin/etcd.new')
  })

  test('of which the mirror has another one stops everything', async () => {
    const artifacts = { sources: ['cache'], mirror: 'http://mirror.test' }
    const wrong: [RegExp, Reply] = [/^curl/, 65]
    await expect(install([wrong], { artifacts })).rejects.toThrow(
      'exit code 65',
    )
  })

  test('that nobody has yet is downloaded by the machine itself', async () => {
    vi.stubEnv('XDG_CACHE_HOME', join(root, 'empty'))
    const artifacts = { sources: ['download', 'cache'] }
    const options = { artifacts, name: 'kubelet' }
    const { text } = await install([], options)
    expect(text).toMatch(/curl .*https:\/\/dl\.k8s\.io\/\S+\/kubelet\n/s)
    expect(text).not.toContain('upload')
  })

  test('that the machine gets damaged by itself stops everything', async () => {
    vi.stubEnv('XDG_CACHE_HOME', join(root, 'empty'))
    const artifacts = { sources: ['download', 'cache'] }
    const options = { artifacts, name: 'kubelet' }
    const wrong: [RegExp, Reply] = [/curl/, 65]
    await expect(install([wrong], options)).rejects.toThrow('exit code 65')
  })

  test('that is damaged in the cache is not sent to anybody', async () => {
    writeFileSync(cacheFile(etcd), 'something else\n')
    await expect(install([])).rejects.toThrow(/etcd/)
  })
})

describe('an image', () => {
  async function images(
    answers: [RegExp, Reply][],
    { name = 'pause', artifacts }: { name?: string; artifacts?: object } = {},
  ) {
    const { host, asked } = stubHost([facts, ...answers])
    const given = cluster(artifacts)
    const machine = new Machine(given.machines[0] as never, host, {
      ...{ planning: false, journal: journal(), installer: installer(given) },
    })
    await machine.images([name])
    return { text: asked.join('\n---\n'), changes: machine.journal.changes }
  }

  test('is named as pods ask for it', () => {
    expect(imageOf('pause', cluster())).toMatch(/^registry\.k8s\.io\/pause:\d/)
  })

  test('is imported from its archive, which does not stay', async () => {
    const { text, changes } = await images([[/images ls/, 1]])
    expect(text).toMatch(/images import .* (\S+\.tar) >\/dev\/null\nrm -f \1/)
    expect(changes).toEqual([`image ${imageOf('pause', cluster())}`])
  })

  test('that nobody has yet is pulled by its digest, where one is pinned', async () => {
    vi.stubEnv('XDG_CACHE_HOME', join(root, 'empty'))
    const artifacts = { sources: ['download', 'cache'] }
    const { text } = await images([[/images ls/, 1]], { artifacts })
    const [, exact] = /images pull (\S+@sha256:[0-9a-f]{64})$/m.exec(text) ?? []
    const reference = imageOf('pause', cluster())
    expect(exact).toMatch(/^registry\.k8s\.io\/pause@/)
    expect(text).toContain(`images tag --force ${exact} ${reference}\n`)
    expect(text).toContain(`images rm ${exact}`)
    expect(text).not.toContain('upload')
  })

  test('without a pinned digest is pulled by its tag', async () => {
    vi.stubEnv('XDG_CACHE_HOME', join(root, 'empty'))
    const options = { artifacts: { sources: ['download'] }, name: 'agnhost' }
    const { text } = await images([[/images ls/, 1]], options)
    expect(text).toContain(`images pull ${imageOf('agnhost', cluster())}`)
  })

  test('is not pulled where downloads are not wanted', async () => {
    vi.stubEnv('XDG_CACHE_HOME', join(root, 'empty'))
    const artifacts = { sources: ['cache'] }
    const all: string[] = []
    const seen: [RegExp, () => Reply] = [
      /images (ls|pull)/,
      () => {
        all.push('asked')
        return 1
      },
    ]
    await expect(images([seen as never], { artifacts })).rejects.toThrow(
      /pause/,
    )
    expect(all).toEqual(['asked'])
  })

  test('that is there with the same digest is left alone', async () => {
    const { text, changes } = await images([])
    expect(text).toMatch(/want=sha256:[0-9a-f]{64}/)
    expect(text).not.toContain('import')
    expect(changes).toEqual([])
  })
})
