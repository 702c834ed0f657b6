import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import { execa } from 'execa'
import { UnavailableError } from './errors.ts'

/**
 * Takes one file out of a tar archive, with the tar of the system. Only its
 * content is read, so that no path or link inside can reach beyond `file`.
 *
 * @param archive the archive, compressed or not
 * @param member the file's path in it, with or without `./`
 * @param file where to write it
 * @throws {UnavailableError} when the archive cannot be read or lacks it
 * @example
 * await extract('cni-plugins.tgz', 'bridge', '/tmp/bridge')
 */
export async function extract(
  archive: string,
  member: string,
  file: string,
): Promise<void> {
  const list = await tar(archive, ['--list', '--file', archive])
  const names = list.split('\n')
  const found = names.find((name) => name.replace(/^\.\//, '') === member)
  if (!found) {
    throw new UnavailableError(
      `${archive} holds no ${member}; it begins with ` +
        names.slice(0, 10).join(', '),
    )
  }
  const out = createWriteStream(file, { mode: 0o755 })
  const closed = finished(out)
  const command = ['--extract', '--to-stdout', '--file', archive, '--', found]
  await Promise.all([closed, tar(archive, command, out)])
}

async function tar(
  archive: string,
  command: string[],
  out?: NodeJS.WritableStream,
): Promise<string> {
  const options = { reject: false, env: { LC_ALL: 'C' } } as const
  const running = execa('tar', command, {
    ...options,
    encoding: out ? 'buffer' : 'utf8',
    buffer: { stdout: !out },
  })
  if (out) running.stdout?.pipe(out)
  const { exitCode, stdout, stderr, message } = await running
  if (exitCode === 0) return String(stdout ?? '')
  throw new UnavailableError(
    `Cannot read ${archive}: ${String(stderr || message).trim()}`,
  )
}
