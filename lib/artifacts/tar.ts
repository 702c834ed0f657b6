/** A file, folder or link in a tar archive. */
export interface TarEntry {
  /** Without a slash in front. */
  path: string
  /** A file's content; absent for folders and links. */
  content?: Buffer[]
  /** Where a symbolic link points. */
  link?: string
  /** Permission bits; default 0o755 for folders, 0o644 for files and 0o777
   * for links. */
  mode?: number
}

const block = 512

/**
 * Makes a tar archive that is the same whenever it holds the same: no times,
 * root owns everything, entries in the order given.
 *
 * @returns its pieces in order, so that large files are never copied
 * @throws Error for a path that is longer than 100 bytes
 * @example
 * tarArchive([{ path: 'pause', content: [binary], mode: 0o755 }])
 * @see https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html
 */
export function tarArchive(entries: readonly TarEntry[]): Buffer[] {
  const pieces = entries.flatMap((entry) => {
    const { content = [] } = entry
    const size = content.reduce((sum, { length }) => sum + length, 0)
    const padding = Buffer.alloc((block - (size % block)) % block)
    return [header(entry, size), ...content, padding]
  })
  return [...pieces, Buffer.alloc(2 * block)]
}

function header(entry: TarEntry, size: number): Buffer {
  const { path, link = '', content } = entry
  const folder = !content && !link
  const name = folder ? `${path}/` : path
  const buffer = Buffer.alloc(block)
  const put = (text: string, offset: number, length: number) => {
    if (Buffer.byteLength(text) > length) {
      throw new Error(`Too long for a tar archive: ${text}`)
    }
    buffer.write(text, offset)
  }
  const octal = (value: number, offset: number, length: number) =>
    put(value.toString(8).padStart(length - 1, '0'), offset, length)
  put(name, 0, 100)
  octal(entry.mode ?? (link ? 0o777 : content ? 0o644 : 0o755), 100, 8)
  octal(0, 108, 8)
  octal(0, 116, 8)
  octal(size, 124, 12)
  octal(0, 136, 12)
  put(' '.repeat(8), 148, 8)
  put(link ? '2' : folder ? '5' : '0', 156, 1)
  put(link, 157, 100)
  put('ustar\u000000', 257, 8)
  const sum = buffer.reduce((total, byte) => total + byte, 0)
  put(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 8)
  return buffer
}
