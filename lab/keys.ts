import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'

/** Where the key that opens a lab's machines is. */
export function keyPath(directory: string): string {
  return join(directory, 'ssh', 'id_ed25519')
}

/**
 * Has a key for the machines in the cluster's state folder, where everything
 * that opens an SSH connection looks for it.
 *
 * @returns the public key, as a line for authorized_keys
 */
export async function ensureKey(
  directory: string,
  cluster: string,
): Promise<string> {
  const file = keyPath(directory)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await mkdir(join(directory, 'ssh'), { recursive: true, mode: 0o700 })
  if (!existsSync(file)) {
    await execa('ssh-keygen', [
      ...['-q', '-t', 'ed25519', '-N', '', '-f', file],
      ...['-C', `lab of ${cluster}`],
    ])
  }
  const { stdout } = await execa('ssh-keygen', ['-y', '-f', file])
  return stdout.trim()
}

/** Deletes the key. What else is in the state folder is not the lab's. */
export async function removeKey(directory: string): Promise<void> {
  await rm(join(directory, 'ssh'), { recursive: true, force: true })
}

/** A host as known_hosts names it. */
export interface KnownHost {
  address: string
  port: number
  /** `ssh-ed25519 AAAA…`; without one the host is forgotten. */
  key?: string
}

/** Writes the keys of machines into known_hosts, in place of older ones. */
export async function recordHosts(
  directory: string,
  hosts: readonly KnownHost[],
): Promise<void> {
  const file = join(directory, 'known_hosts')
  const before = await readFile(file, 'utf8').catch(() => '')
  const after = replaceHosts(before, hosts)
  if (after === before) return
  if (after === '') return rm(file, { force: true })
  await writeFile(`${file}.new`, after, { mode: 0o600 })
  await rename(`${file}.new`, file)
}

/**
 * The text of known_hosts with the lines of some hosts replaced.
 *
 * @example
 * replaceHosts('', [{ address: '10.10.0.11', port: 22, key: 'ssh-ed25519 A' }])
 * // '10.10.0.11 ssh-ed25519 A\n'
 */
export function replaceHosts(
  text: string,
  hosts: readonly KnownHost[],
): string {
  const named = hosts.map((host) => ({ ...host, name: nameOf(host) }))
  const names = named.map(({ name }) => name)
  const others = text
    .split('\n')
    .filter((line) => line && !names.includes(line.split(' ')[0] ?? ''))
  const ours = named.flatMap(({ name, key }) => (key ? [`${name} ${key}`] : []))
  return [...others, ...ours].map((line) => `${line}\n`).join('')
}

function nameOf({ address, port }: KnownHost): string {
  return port === 22 ? address : `[${address}]:${port}`
}
