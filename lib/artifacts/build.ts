import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { execa } from 'execa'
import { type Artifact, architectureHere } from './artifact.ts'
import { type ComponentEntry, fill, parts } from './catalogue.ts'
import { sha256Of } from './checksum.ts'
import { compositionRecipe, imageAround } from './composition.ts'
import { ChecksumError, UnavailableError } from './errors.ts'
import { keepFile, type Order, titleOf } from './order.ts'

const modules = join(import.meta.dirname, 'go')

/**
 * Fills the cache with programs built from their source: Go modules whose
 * versions and hashes the files below `go` pin. The same toolchain makes the
 * same bytes. They are not those of the release, so a published
 * hash says nothing about them; they get a record of their own.
 *
 * @throws {UnavailableError} with what is missing here and how to get it
 * @throws {ChecksumError} when a module is not what go.sum says
 * @example
 * await build({ ...order, names: ['etcd', 'etcdctl'] })
 */
export async function build(order: Order): Promise<Artifact[]> {
  const { entry, version, architecture, work, signal } = order
  signal.throwIfAborted()
  const { build } = entry
  const folder = await moduleFolder(build, version)
  if (!folder) {
    throw new UnavailableError(
      `no Go module of ${build.module} ${version} is among ${modules}`,
      ['take a version that has one, or another source'],
    )
  }
  if (build.cgo && architecture !== architectureHere()) {
    throw new UnavailableError(
      `${order.component} has parts in C and cannot be built for ` +
        `${architecture} here; a cross compiler is not tested by CI`,
      [
        `run it on a computer that is ${architecture}, or use another ` +
          'source: `artifacts.sources` in cluster.yaml',
      ],
    )
  }
  const into = join(work, 'build')
  await mkdir(into, { recursive: true })
  if (build.says) await checkVersion(order, folder, build.says)
  if (build.source) await compile(order, folder, build.source, into)
  else await goBuild(order, folder, into)
  const recipe = (await recipeOf(entry, version)) ?? ''
  const from = `${build.module} in ${basename(folder)}/go.mod`
  const kept: Artifact[] = []
  for (const name of order.names) {
    const program = join(into, name)
    const facts = { origin: 'build', from, official: false, recipe } as const
    if (entry.image) {
      const { archive, digest } = await imageAround(order, name, program)
      await writeFile(program, archive)
      kept.push(await keepFile(order, name, program, { ...facts, digest }))
    } else kept.push(await keepFile(order, name, program, facts))
  }
  return kept
}

/**
 * Stands for all that a build is made of, save for the toolchain. A cached
 * program with another recipe is built anew.
 *
 * @returns undefined where this version cannot be built
 * @example
 * await recipeOf(entryOf('etcd'), '3.7.1')
 */
export async function recipeOf(
  entry: ComponentEntry,
  version: string,
): Promise<string | undefined> {
  const folder = await moduleFolder(entry.build, version)
  if (!folder) return undefined
  const sums = await readFile(join(folder, 'go.sum'), 'utf8')
  const shape = entry.image ? await compositionRecipe() : ''
  return sha256Of(JSON.stringify([entry.build, version, shape]), sums)
}

/** One `go build` for all files: they share most of their packages. */
async function goBuild(order: Order, folder: string, into: string) {
  const { entry, names, version, architecture, signal, report } = order
  const { packages = {}, stamps, tags, cgo } = entry.build
  const set = stamps.map((stamp) => `-X ${fill(stamp, parts(version))}`)
  const link = ['-s', '-w', ...set, ...(cgo ? ['-extldflags -static'] : [])]
  const command = [
    ...['build', '-v', '-trimpath', '-buildvcs=false', '-mod=readonly'],
    // What -w leaves out, for debuggers, would be made all the same.
    '-gcflags=all=-dwarf=false',
    ...['-tags', tags.join(','), '-ldflags', link.join(' ')],
    ...['-o', `${into}/`, ...names.map((name) => packages[name] ?? name)],
  ]
  const env = {
    CGO_ENABLED: cgo ? '1' : '0',
    GOOS: 'linux',
    GOARCH: architecture,
    GOWORK: 'off',
  }
  const running = execa('go', command, {
    ...{ cwd: folder, env, reject: false, cancelSignal: signal },
    ...{ stdin: 'ignore', gracefulCancel: false },
  })
  let done = 0
  const what = `building ${titleOf(order, order.component)}:`
  running.stderr.on('data', (chunk: Buffer) => {
    const lines = String(chunk).split('\n').slice(1)
    done += lines.filter((line) => !line.startsWith('go: ')).length
    report({ kind: 'progress', what, done, unit: 'packages' })
  })
  const { exitCode, stderr, isCanceled, code } = await running
  if (isCanceled) signal.throwIfAborted()
  if (code === 'ENOENT') throw goMissing()
  if (exitCode !== 0) throw buildError(order.component, stderr)
  for (const name of names) {
    const made = outputName(packages[name] ?? name)
    if (made !== name) await rename(join(into, made), join(into, name))
  }
}

/** What `go build` calls the program of a package. */
function outputName(path: string): string {
  const words = path.split('/')
  const last = words.pop() ?? path
  return /^v\d+$/.test(last) ? (words.pop() ?? last) : last
}

async function compile(
  order: Order,
  folder: string,
  source: string,
  into: string,
) {
  const { signal, version, entry } = order
  const [name = ''] = order.names
  const file = join(await sourceOf(entry.build.module, folder, signal), source)
  const { exitCode, stderr, message } = await execa(
    'cc',
    [
      ...['-Os', '-Wall', '-Werror', '-static', '-s'],
      ...[`-DVERSION=v${version}`, '-o', join(into, name), file],
    ],
    { reject: false, cancelSignal: signal },
  )
  signal.throwIfAborted()
  if (exitCode !== 0) throw buildError(name, stderr || (message ?? ''))
}

/** Where the source of a module lies, downloaded if need be. */
async function sourceOf(module: string, folder: string, signal: AbortSignal) {
  const { exitCode, stdout, stderr, code } = await execa(
    'go',
    ['mod', 'download', '-json', module],
    {
      cwd: folder,
      env: { GOWORK: 'off' },
      reject: false,
      cancelSignal: signal,
    },
  )
  signal.throwIfAborted()
  if (code === 'ENOENT') throw goMissing()
  if (exitCode !== 0) throw buildError(module, stderr || stdout)
  return (JSON.parse(stdout) as { Dir: string }).Dir
}

async function checkVersion(
  order: Order,
  folder: string,
  { file, pattern }: { file: string; pattern: string },
) {
  const { version, entry, component, signal } = order
  const source = await sourceOf(entry.build.module, folder, signal)
  const text = await readFile(join(source, file), 'utf8')
  const wanted = fill(pattern, { version })
  if (text.split('\n').some((line) => line.trim() === wanted)) return
  throw new UnavailableError(
    `${component} ${version} is not what ${entry.build.module} has: ` +
      `${file} has no line ${JSON.stringify(wanted)}`,
    ['take the version that the file names, or another source'],
  )
}

/**
 * The folder whose go.mod requires a module in a version. The default version
 * is in the folder of the component, an older one in `FOLDER-MAJOR.MINOR`.
 */
async function moduleFolder(
  { module, says }: ComponentEntry['build'],
  version: string,
): Promise<string | undefined> {
  const folder = folders[module] ?? ''
  const { major, minor } = parts(version)
  for (const name of [folder, `${folder}-${major}.${minor}`]) {
    const path = join(modules, name)
    const text = await readFile(join(path, 'go.mod'), 'utf8').catch(() => '')
    const required = text
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .some((words) => words[words.indexOf(module) + 1] === `v${version}`)
    // Where the source itself says its version, the module's is another.
    if (required || (says && text)) return path
  }
  return undefined
}

const folders: Record<string, string> = {
  'github.com/containerd/containerd/v2': 'containerd',
  'github.com/containernetworking/plugins': 'cni-plugins',
  'github.com/coredns/coredns': 'coredns',
  'github.com/opencontainers/runc': 'runc',
  'go.etcd.io/etcd/server/v3': 'etcd',
  'k8s.io/kubernetes': 'kubernetes',
}

function goMissing() {
  return new UnavailableError('building needs Go, and there is no program go', [
    'install Go 1.26 or newer (https://go.dev/doc/install), or use another ' +
      'source: `artifacts.sources` in cluster.yaml',
  ])
}

function buildError(what: string, stderr: string) {
  const lines = stderr.trim().split('\n')
  const tail = lines.slice(-12).join('\n    ')
  const message = `building ${what} failed:\n    ${tail}`
  if (/SECURITY ERROR|checksum mismatch/.test(stderr)) {
    return new ChecksumError(message, [
      'a Go module is not what go.sum pins: look at GOPROXY',
    ])
  }
  const advice = remedies.find(([pattern]) => pattern.test(stderr))?.[1]
  return new UnavailableError(message, advice ? [advice] : [])
}

const remedies: [RegExp, string][] = [
  [
    /libseccomp|-lseccomp|"?pkg-config"?: exec/,
    'install libseccomp with its static library, and pkg-config: ' +
      'apt-get install libseccomp-dev pkg-config, or ' +
      'dnf install libseccomp-static pkgconf',
  ],
  [
    /C compiler|"(gcc|cc)": exec|spawn cc ENOENT|cannot find -lc\b/,
    'install a C compiler with a static C library: ' +
      'apt-get install gcc libc6-dev, or dnf install gcc glibc-static',
  ],
  [
    /requires go >= |toolchain not available/,
    'install a newer Go, or let Go fetch it: GOTOOLCHAIN=auto',
  ],
  [
    /dial tcp|no such host|i\/o timeout|proxyconnect/,
    'Go modules come from the network: look at GOPROXY (go env GOPROXY)',
  ],
  [/no space left on device/, 'the disk is full: `go clean -cache` frees much'],
]
