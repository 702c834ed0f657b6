import { nodePackages } from '../lib/node-spec.ts'

/**
 * Debian packages that the machines can install from the lab's package
 * source. They are not in the base system: what a step installs on a reader's
 * machines, it installs here.
 */
export const packages: readonly string[] = nodePackages.debian

/** A package file and what its index entry needs. */
export interface PackageFile {
  /** Name of the file, in the folder that is served. */
  name: string
  /** What `dpkg-deb --field` prints. */
  control: string
  size: number
  sha256: string
}

/**
 * Renders the index of a package source, the file `Packages`.
 *
 * @see https://wiki.debian.org/DebianRepository/Format
 */
export function renderPackages(files: readonly PackageFile[]): string {
  return files
    .map(
      ({ name, control, size, sha256 }) =>
        `${control.trimEnd()}\n` +
        `Filename: ./${name}\nSize: ${size}\nSHA256: ${sha256}\n`,
    )
    .join('\n')
}

/** Renders the file `Release`, which says how the index is checked. */
export function renderRelease(
  index: { size: number; sha256: string },
  date: Date,
): string {
  return [
    'Origin: lab',
    'Label: lab',
    `Date: ${date.toUTCString().replace('GMT', 'UTC')}`,
    'Acquire-By-Hash: no',
    'SHA256:',
    ` ${index.sha256} ${index.size} Packages`,
    '',
  ].join('\n')
}
