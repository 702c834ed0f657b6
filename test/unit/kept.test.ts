import {
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, expect, test } from 'vitest'
import type { MachineEntry } from '../../lib/cluster.ts'
import { fetchCommand } from '../../lib/kept.ts'

const folder = mkdtempSync(join(tmpdir(), 'kfs-kept-'))
afterAll(() => rmSync(folder, { recursive: true }))

const machine = (user: string): MachineEntry => ({
  ...{ name: 'cp-1', address: '192.0.2.11', roles: ['control-plane'] },
  ssh: { host: '192.0.2.11', user },
})

test('the command that fetches a copy can be pasted, and keeps it private', async () => {
  const remote = join(folder, "the machine's file")
  writeFileSync(remote, 'the key\n')
  // What is asked of the machine is done here; all before it is for ssh.
  const ssh = 'ssh() { bash -c "${@: -1}"; }'
  const directory = join(folder, "a reader's state")
  const local = join(directory, 'pki', 'cluster', 'ca.key')
  const command = fetchCommand(machine('root'), directory, remote, local)
  await execa('bash', ['-euc', `${ssh}\n${command}`])
  expect(readFileSync(local, 'utf8')).toBe('the key\n')
  expect(statSync(local).mode & 0o777).toBe(0o600)
  expect(statSync(join(directory, 'pki')).mode & 0o777).toBe(0o700)
})

test('whoever does not log in as root reads it with sudo', () => {
  const fetch = (user: string) =>
    fetchCommand(machine(user), '/state', '/etc/key', '/state/key')
  expect(fetch('admin')).toContain(" 192.0.2.11 'sudo cat /etc/key' > ")
  expect(fetch('root')).toContain(" 192.0.2.11 'cat /etc/key' > ")
})
