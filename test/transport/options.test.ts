import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { execa, execaSync } from 'execa'
import { describe, expect, test, vi } from 'vitest'
import type { MachineEntry } from '../../lib/cluster.ts'
import { GuideError } from '../../lib/errors.ts'
import { closeSsh, openSsh, sshOptions } from '../../lib/ssh.ts'
import { hostileTexts, randomTexts } from './hostile.ts'
import { sharedSshd, temporaryFolder } from './session.ts'
import { missing } from './sshd.ts'

// The state folder is wherever a reader has it, and ssh reads its path as
// configuration: with quotes, and with % for what it fills in itself.

const cannot = /["\\\n]|\$\{/
const paths = [...hostileTexts, ...randomTexts(150)].map((text) =>
  join('/tmp/of', text),
)
const possible = paths.filter((path) => !cannot.test(path))

describe.skipIf(missing)('the path of a state folder', () => {
  const shared = sharedSshd()
  const folder = temporaryFolder()
  const machine: MachineEntry = {
    ...{ name: 'box', address: '192.0.2.1', roles: ['worker'] },
    ssh: { host: '192.0.2.1' },
  }
  const knownHosts = (path: string) => join(path, 'known_hosts')

  test('comes out of ssh as it went in, whatever is in it', () => {
    expect(possible.length).toBeGreaterThan(60)
    for (const path of possible) {
      const options = sshOptions(machine, path)
      const { stdout } = execaSync('ssh', ['-G', '-F', 'none', ...options])
      expect(stdout.split('\n'), path).toContain(
        `userknownhostsfile ${knownHosts(path)} ` +
          join(userInfo().homedir, '.ssh/known_hosts'),
      )
    }
  })

  test('is refused where ssh has no way to write it', () => {
    const impossible = paths.filter((path) => cannot.test(path))
    expect(impossible.length).toBeGreaterThan(60)
    for (const path of impossible) {
      expect(() => sshOptions(machine, path), path).toThrow(GuideError)
    }
    expect(() => sshOptions(machine, '/tmp/a"b')).toThrow(
      'ssh takes no path with a ", a \\, a ${ or a line break in it: ' +
        '/tmp/a"b/known_hosts',
    )
  })

  test('reaches the ssh of a jump host as it is, and runs nothing', () => {
    const { options, run } = fakeJump()
    for (const path of possible) {
      const [command, ...words] = run(path)
      expect(command).toBe('ssh')
      expect(words.slice(-3)).toEqual(['-W', '[192.0.2.1]:22', 'ssh://a@b:1'])
      // Which is what ssh takes back to the path, as above.
      const option = options(path).find((it) => it.startsWith('UserKnown'))
      expect(words).toContain(option)
    }
    expect(existsSync('/tmp/kfs-owned')).toBe(false)
  })

  test('may have a % in it: the key is found, the host recorded', async () => {
    const { sshd } = shared
    const state = join(folder, "100% of %h's %d")
    mkdirSync(join(state, 'ssh'), { recursive: true })
    const key = join('ssh', 'id_ed25519')
    copyFileSync(join(sshd.state, key), join(state, key))
    const transport = await openSsh(sshd.machine, state, () => undefined)
    try {
      expect((await transport.run('echo here')).stdout).toBe('here\n')
    } finally {
      transport.close()
      await closeSsh([sshd.machine], state)
    }
    expect(readFileSync(knownHosts(state), 'utf8')).toContain('ssh-ed25519')
  })

  test('has nothing to do with where sockets are, nor has TMPDIR', async () => {
    const before = process.env.TMPDIR
    try {
      vi.stubEnv('TMPDIR', '/tmp/100% "a b"')
      const options = sshOptions(machine, '/tmp/of')
      const { stdout } = await execa('ssh', ['-G', '-F', 'none', ...options])
      expect(stdout).toMatch(/^controlpath \/tmp\/kfs-ssh-\d+\/[0-9a-f]+$/m)
    } finally {
      vi.stubEnv('TMPDIR', before)
    }
  })

  /** Has the real ssh run its ProxyCommand, with another ssh in it. */
  function fakeJump() {
    const far = { ...machine, ssh: { ...machine.ssh, jump: 'a@b:1' } }
    const said = join(folder, 'said')
    const fake = join(folder, 'ssh')
    writeFileSync(fake, `#!/bin/sh\nprintf '%s\\0' ssh "$@" > ${said}\n`)
    chmodSync(fake, 0o755)
    const options = (path: string) => sshOptions(far, path)
    const env = { PATH: `${folder}:${process.env.PATH}`, SHELL: '/bin/sh' }
    const run = (path: string) => {
      writeFileSync(said, '')
      const words = ['-F', 'none', ...options(path)]
      execaSync('/usr/bin/ssh', words, { env, reject: false, input: '' })
      return readFileSync(said, 'utf8').split('\0').slice(0, -1)
    }
    return { options, run }
  }
})
