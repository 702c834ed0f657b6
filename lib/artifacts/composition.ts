import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { busybox } from './busybox.ts'
import { imageReference } from './catalogue.ts'
import { sha256Of } from './checksum.ts'
import { UnavailableError } from './errors.ts'
import { digestOf, type ImageConfig, imageArchive, imageOf } from './image.ts'
import type { Order } from './order.ts'
import type { TarEntry } from './tar.ts'

interface Composition {
  config: ImageConfig
  files: TarEntry[]
}

const beside = (name: string) => join(import.meta.dirname, name)
const nslookup = beside('nslookup.sh')

/**
 * Stands for the way images are put together.
 *
 * @returns a sha256
 * @example
 * await compositionRecipe()
 */
export async function compositionRecipe(): Promise<string> {
  const made = ['composition.ts', 'image.ts', 'tar.ts'].map(beside)
  const sources = [...made, nslookup]
  return sha256Of(...(await Promise.all(sources.map((file) => readFile(file)))))
}

/**
 * Makes the image of a program, as like the published image as pods can tell.
 *
 * @param program the program's file
 * @returns the archive's pieces, and the digest that containerd will list
 * @throws {UnavailableError} when a part of it is not to be had
 * @example
 * const { archive } = await imageAround(order, 'pause', '/tmp/pause')
 */
export async function imageAround(
  order: Order,
  name: string,
  program: string,
): Promise<{ archive: Buffer[]; digest: string }> {
  const compose = compositions[name]
  if (!compose) throw new UnavailableError(`nobody knows the image of ${name}`)
  const { config, files } = await compose(await readFile(program), order)
  const { version, architecture, catalogue } = order
  const reference = imageReference(name, version, catalogue)
  const image = imageOf(reference, architecture, config, files)
  return { archive: imageArchive(image), digest: digestOf(image.manifest) }
}

const compositions: Record<
  string,
  (program: Buffer, order: Order) => Promise<Composition>
> = {
  pause: async (program) => ({
    config: { Entrypoint: ['/pause'], User: '65535:65535', WorkingDir: '/' },
    files: [{ path: 'pause', content: [program], mode: 0o755 }],
  }),

  // The published program may bind port 53 by a file capability. containerd 2
  // lets every pod bind low ports, so it is not needed here, and without it
  // the program also starts where all capabilities are dropped. Certificate
  // authorities are missing too: forwarding over TLS needs its own `tls_ca`.
  coredns: async (program) => ({
    config: { Entrypoint: ['/coredns'], User: '65532:65532', WorkingDir: '/' },
    files: [{ path: 'coredns', content: [program], mode: 0o755 }],
  }),

  agnhost: async (program, order) => ({
    config: {
      Entrypoint: ['/agnhost'],
      Cmd: ['pause'],
      Env: [
        'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      ],
      WorkingDir: '/',
    },
    files: [
      { path: 'agnhost', content: [program], mode: 0o755 },
      { path: 'bin' },
      { path: 'bin/busybox', content: [await busybox(order)], mode: 0o755 },
      {
        path: 'bin/nslookup',
        content: [await readFile(nslookup)],
        mode: 0o755,
      },
      ...tools.map((tool) => ({ path: `bin/${tool}`, link: 'busybox' })),
      { path: 'etc' },
      { path: 'etc/group', content: [Buffer.from(groups)] },
      { path: 'etc/passwd', content: [Buffer.from(users)] },
      { path: 'tmp', mode: 0o1777 },
      { path: 'uploads', mode: 0o1777 },
    ],
  }),
}

// What people type in a test pod. The published image is Alpine and has more.
const tools = [
  ...['awk', 'basename', 'cat', 'chmod', 'cp', 'cut', 'date', 'dd', 'df'],
  ...['dirname', 'du', 'echo', 'env', 'expr', 'false', 'find', 'free', 'grep'],
  ...['head', 'hostname', 'id', 'ip', 'kill', 'ln', 'ls', 'md5sum', 'mkdir'],
  ...['mktemp', 'mount', 'mv', 'nc', 'od', 'ping', 'printf', 'ps'],
  ...['pwd', 'rm', 'sed', 'seq', 'sh', 'sha256sum', 'sleep', 'sort', 'stat'],
  ...['tail', 'tar', 'tee', 'test', 'timeout', 'touch', 'tr', 'true'],
  ...['uname', 'uniq', 'vi', 'wc', 'wget', 'which', 'xargs', 'yes'],
]

const users = `root:x:0:0:root:/:/bin/sh
nobody:x:65534:65534:nobody:/:/bin/false
`

const groups = `root:x:0:
nogroup:x:65534:
`
