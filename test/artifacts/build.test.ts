import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { architectureHere } from '../../lib/artifacts/artifact.ts'
import { defaultVersions } from '../../lib/artifacts/catalogue.ts'
import { ChecksumError, UnavailableError } from '../../lib/artifacts/errors.ts'
import { obtain, prepareAll } from '../../lib/artifacts/obtain.ts'
import type { ArtifactEvent } from '../../lib/artifacts/progress.ts'

vi.setConfig({ testTimeout: 60_000 })

// Without root and without a compiler: programs that stand in for both.
let folder: string
let events: ArtifactEvent[]
const here = architectureHere() ?? 'amd64'
const elsewhere = here === 'amd64' ? 'arm64' : 'amd64'

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'build-'))
  mkdirSync(join(folder, 'bin'))
  mkdirSync(join(folder, 'source/build/pause'), { recursive: true })
  mkdirSync(join(folder, 'source/test/images/agnhost'), { recursive: true })
  writeFileSync(
    join(folder, 'source/build/pause/Makefile'),
    'IMAGE = $(REGISTRY)/pause\n\nTAG ?= 3.10.2\n',
  )
  writeFileSync(join(folder, 'source/test/images/agnhost/VERSION'), '2.66.1\n')
  for (const tool of ['sh', 'flock', 'tar', 'cat', 'echo', 'basename']) {
    const places = [`/usr/bin/${tool}`, `/bin/${tool}`]
    const path = places.find(existsSync) ?? ''
    symlinkSync(path, join(folder, 'bin', tool))
  }
  vi.stubEnv('PATH', join(folder, 'bin'))
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'))
  events = []
})

afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

function program(name: string, script: string) {
  const path = join(folder, 'bin', name)
  writeFileSync(path, `#!/bin/sh\n${script}\n`)
  chmodSync(path, 0o755)
}

/** A go that writes down what it is asked, and makes small programs. */
function installGo() {
  program(
    'go',
    `echo "$CGO_ENABLED $GOOS $GOARCH $GOWORK $*" >> ${folder}/log
if [ "$1" = mod ]; then echo '{"Dir": "${folder}/source"}'; exit; fi
while [ "$1" != -o ]; do shift; done
into=$2; shift 2
for package; do
  echo "$package" >&2
  name=\${package##*/}
  case $name in v[0-9]) package=\${package%/*}; name=\${package##*/} ;; esac
  echo "built $name" > "$into$name"
done`,
  )
}

const log = () => readFileSync(join(folder, 'log'), 'utf8').trim().split('\n')
const build = (name: string, version: string, architecture = here) =>
  obtain(name, version, architecture, {
    sources: ['build'],
    report: (event) => events.push(event),
  })

describe('building', () => {
  test('makes all files of a component with one go build', async () => {
    installGo()
    program('cc', 'while [ "$1" != -o ]; do shift; done; echo pause > "$2"')
    const elf = Buffer.alloc(64)
    elf.write('\u007fELF\u0002', 'latin1')
    writeFileSync(join(folder, 'bin/busybox'), elf)
    const artifacts = { sources: ['build'] as const }
    const cluster = { versions: defaultVersions(), artifacts }
    const all = await prepareAll(cluster, here)
    expect(all).toHaveLength(20)
    expect(all.every(({ origin }) => origin === 'build')).toBe(true)
    expect(all.some(({ official }) => official)).toBe(false)
    const builds = log().filter((line) => line.includes(' build '))
    expect(builds).toHaveLength(7)
    expect(builds.filter((line) => line.includes('/cmd/kubelet'))).toEqual([
      expect.stringContaining('k8s.io/kubernetes/cmd/kube-apiserver'),
    ])
  })

  test('stamps the version, leaves paths and commits out', async () => {
    installGo()
    const { file } = await build('etcd', '3.7.1')
    expect(readFileSync(file, 'utf8')).toBe('built server\n')
    await build('kubelet', '1.37.1')
    const kubelet = log()[1]
    expect(kubelet).toMatch(
      new RegExp(
        `^0 linux ${here} off build -v -trimpath -buildvcs=false ` +
          '-mod=readonly -gcflags=all=-dwarf=false -tags  -ldflags -s -w ' +
          '-X k8s.io/component-base/version.gitVersion=v1.37.1 ' +
          '-X .*gitMajor=1 .*gitMinor=37 ',
      ),
    )
    expect(kubelet).toMatch(/ k8s\.io\/kubernetes\/cmd\/kubelet$/)
  })

  test('links runc statically, with seccomp', async () => {
    installGo()
    await build('runc', '1.5.1')
    expect(log()[0]).toContain(`1 linux ${here} off build`)
    expect(log()[0]).toContain('-tags seccomp,netgo,osusergo')
    expect(log()[0]).toContain('-extldflags -static')
  })

  test('makes programs without C for another architecture', async () => {
    installGo()
    const etcd = await build('etcd', '3.7.1', elsewhere)
    expect(etcd.architecture).toBe(elsewhere)
    expect(log()[0]).toContain(`0 linux ${elsewhere} `)
  })

  test('is done again when the way of building changed', async () => {
    installGo()
    const { file } = await build('etcd', '3.7.1')
    const record = JSON.parse(readFileSync(`${file}.json`, 'utf8')) as object
    const old = JSON.stringify({ ...record, recipe: 'older' })
    writeFileSync(`${file}.json`, old)
    expect(await build('etcd', '3.7.1')).toMatchObject({ source: 'build' })
    expect(await build('etcd', '3.7.1')).toMatchObject({ source: 'cache' })
    expect(log()).toHaveLength(2)
  })
})

describe('building says what is missing', () => {
  const next = async (outcome: Promise<unknown>) => {
    const error = await outcome.catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(UnavailableError)
    const { message, next } = error as UnavailableError
    return [message, ...next].join('\n')
  }

  test('Go', async () => {
    const said = await next(build('etcd', '3.7.1'))
    expect(said).toContain('building needs Go, and there is no program go')
    expect(said).toContain('https://go.dev/doc/install')
    expect(said).toContain('`artifacts.sources` in cluster.yaml')
  })

  test.each([
    ['# pkg-config: exec: "pkg-config": not found', 'libseccomp-dev'],
    ['Package libseccomp was not found', 'libseccomp-dev'],
    ['/usr/bin/ld: cannot find -lseccomp', 'libseccomp-dev'],
    ['cgo: C compiler "gcc" not found', 'apt-get install gcc libc6-dev'],
    ['go.mod requires go >= 1.26.8 (running go 1.22)', 'newer Go'],
    ['dial tcp: lookup proxy.golang.org: no such host', 'GOPROXY'],
  ])('by what the compiler says: %s', async (stderr, remedy) => {
    program('go', `echo '${stderr}' >&2; exit 1`)
    const said = await next(build('runc', '1.5.1'))
    expect(said).toContain(stderr)
    expect(said).toContain(remedy)
  })

  test('a C compiler, for pause', async () => {
    installGo()
    const said = await next(build('pause', '3.10.2'))
    expect(said).toContain('apt-get install gcc libc6-dev')
  })

  test('a computer of the other architecture', async () => {
    installGo()
    const said = await next(build('runc', '1.5.1', elsewhere))
    expect(said).toContain(`cannot be built for ${elsewhere} here`)
    expect(said).toContain('not tested by CI')
  })

  test('a module of that version', async () => {
    installGo()
    const said = await next(build('etcd', '3.7.10'))
    expect(said).toContain('no Go module of go.etcd.io/etcd/server/v3 3.7.10')
    expect(await next(build('pause', '3.9.0'))).toContain(
      'build/pause/Makefile has no line "TAG ?= 3.9.0"',
    )
  })
})

test('a Go module that is not what go.sum pins stops everything', async () => {
  const said = 'verifying k8s.io/api@v0.37.1: checksum mismatch'
  program('go', `echo '${said}' >&2; echo 'SECURITY ERROR' >&2; exit 1`)
  const outcome = obtain('etcd', '3.7.1', here, { sources: ['build', 'cache'] })
  await expect(outcome).rejects.toBeInstanceOf(ChecksumError)
  await expect(outcome).rejects.toThrow(said)
})
