import { readdir, readFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { execa } from 'execa'
import { architectureHere } from './artifact.ts'
import { UnavailableError } from './errors.ts'
import type { Order } from './order.ts'

/**
 * A static busybox: the one that is installed, else that of the Debian
 * package `busybox-static`, which apt fetches without root and checks.
 *
 * @throws {UnavailableError} with what to install, and for an architecture
 * that this computer does not have
 * @example
 * { path: 'bin/busybox', content: [await busybox(order)] }
 */
export async function busybox(order: Order): Promise<Buffer> {
  const { architecture, work, report } = order
  if (architecture !== architectureHere()) {
    throw new UnavailableError(
      `a busybox for ${architecture} cannot be taken from this computer`,
      [`run it on a computer that is ${architecture}`],
    )
  }
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, 'busybox')
    const found = await readFile(path).catch(() => undefined)
    if (found && isStatic(found)) return found
  }
  report({ kind: 'note', text: 'busybox: from Debian package busybox-static' })
  return await fromPackage(work)
}

async function fromPackage(work: string): Promise<Buffer> {
  const run = async (program: string, ...words: string[]) => {
    const options = { cwd: work, reject: false, stdin: 'ignore' } as const
    const done = await execa(program, words, options)
    if (done.exitCode === 0) return
    throw new UnavailableError(
      `no static busybox: ${program} says ${done.stderr || done.message}`,
      [
        'apt-get update && apt-get install busybox-static, or ' +
          'dnf install busybox',
      ],
    )
  }
  // As root, apt would drop to a user who may not write into our folder.
  const asUs = ['-o', 'APT::Sandbox::User=root']
  await run('apt-get', ...asUs, 'download', 'busybox-static')
  const files = await readdir(work)
  const name = files.find((file) => /^busybox-static_.*\.deb$/.test(file)) ?? ''
  await run('dpkg-deb', '--extract', name, 'busybox-static')
  for (const folder of ['bin', 'usr/bin']) {
    const path = join(work, 'busybox-static', folder, 'busybox')
    const found = await readFile(path).catch(() => undefined)
    if (found && isStatic(found)) return found
  }
  throw new UnavailableError(`${name} holds no static busybox`)
}

/**
 * Whether a program of 64 bits runs without any library: it names no
 * interpreter (segment type 3) that would load them.
 *
 * @example
 * isStatic(readFileSync('/bin/busybox'))
 * @see man 5 elf
 */
export function isStatic(program: Buffer): boolean {
  if (program.subarray(0, 5).toString('latin1') !== '\u007fELF\u0002') {
    return false
  }
  const start = Number(program.readBigUInt64LE(32))
  const size = program.readUInt16LE(54)
  const count = program.readUInt16LE(56)
  const types = Array.from({ length: count }, (_, at) =>
    program.readUInt32LE(start + at * size),
  )
  return !types.includes(3)
}
