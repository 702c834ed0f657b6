import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { GuideError, renderError } from '../../lib/errors.ts'
import { closeSsh, openSsh } from '../../lib/ssh.ts'
import { failureOf, sharedSshd, temporaryFolder } from './session.ts'
import { createKey, freePort, missing } from './sshd.ts'

const silent = () => undefined

describe.skipIf(missing)('a machine out of reach is named, with advice', () => {
  const shared = sharedSshd()
  const folder = temporaryFolder()

  async function reasonFor(
    ssh: { host?: string; port?: number; key?: string },
    state = shared.sshd.state,
  ): Promise<string> {
    const { machine } = shared.sshd
    const entry = { ...machine, ssh: { ...machine.ssh, ...ssh } }
    const error = await failureOf(openSsh(entry, state, silent))
    expect(error).toBeInstanceOf(GuideError)
    return renderError(error)
  }

  test('when nobody listens', async () => {
    const port = await freePort()
    const reason = await reasonFor({ port })
    expect(reason).toContain('box (127.0.0.1): the machine does not answer')
    expect(reason).toContain('Connection refused')
    expect(reason).toContain(`nc -vz 127.0.0.1 ${port}`)
    expect(reason).toMatch(/to try by hand:\n {4}ssh .* 127\.0\.0\.1$/m)
  })

  test('when its name is unknown', async () => {
    const reason = await reasonFor({ host: 'nowhere.invalid' })
    expect(reason).toContain('box (nowhere.invalid): the name does not resolve')
  })

  test('when it refuses our key', async () => {
    const state = join(folder, 'stranger')
    mkdirSync(join(state, 'ssh'), { recursive: true })
    await createKey(join(state, 'ssh', 'id_ed25519'))
    const reason = await reasonFor({}, state)
    expect(reason).toContain('the machine refused our key')
    expect(reason).toContain('`ssh.user` and `ssh.key` in cluster.yaml')
  })

  test('when our key is not where cluster.yaml says', async () => {
    const state = join(folder, 'empty')
    mkdirSync(state)
    const reason = await reasonFor({ key: '/nowhere/key' }, state)
    expect(reason).toContain('the machine refused our key')
  })

  test('when its host key has changed, and what was seen is kept', async () => {
    const { sshd } = shared
    const transport = await openSsh(sshd.machine, sshd.state, silent)
    transport.close()
    await closeSsh([sshd.machine], sshd.state)
    const known = join(sshd.state, 'known_hosts')
    const before = readFileSync(known, 'utf8')
    await sshd.changeHostKey()

    const reason = await reasonFor({})
    expect(reason).toContain(
      `the host key is not the one seen before, in line 1 of ${known}`,
    )
    expect(reason).toContain(
      `ssh-keygen -R '[127.0.0.1]:${sshd.port}' -f ${known}`,
    )
    expect(reason).toContain('somebody may be answering in its place')
    expect(readFileSync(known, 'utf8')).toBe(before)
  })
})

describe.skipIf(missing).each([
  [
    'wants a password',
    'echo "sudo: a password is required" >&2; exit 1',
    'sudo asks for a password',
  ],
  [
    'wants a terminal',
    'echo "sudo: a terminal is required to read the password" >&2; exit 1',
    'sudo asks for a password',
  ],
  [
    'does not allow it',
    'echo "Sorry, user x is not allowed to execute a as root on b." >&2; exit 1',
    'sudo asks for a password',
  ],
])('a user whose sudo %s', (_, sudo, expected) => {
  const shared = sharedSshd({ programs: { id: 'echo 1000', sudo } })

  test('is told so, with what to do', async () => {
    const { machine, state } = shared.sshd
    const reason = renderError(await failureOf(openSsh(machine, state, silent)))
    expect(reason).toContain(`box (127.0.0.1): ${expected}`)
    expect(reason).toMatch(/→ allow it without one: .*NOPASSWD:ALL/)
  })
})

describe.skipIf(missing)('a user without sudo', () => {
  const bin = temporaryFolder()
  for (const name of ['bash', 'sh', 'env']) {
    symlinkSync(`/usr/bin/${name}`, join(bin, name))
  }
  symlinkSync('/usr/bin/false', join(bin, 'id'))
  const shared = sharedSshd({ settings: [`SetEnv PATH=${bin}`] })

  test('is told so, with what to do', async () => {
    const { machine, state } = shared.sshd
    const reason = renderError(await failureOf(openSsh(machine, state, silent)))
    expect(reason).toContain('the user is not root and sudo is missing')
    expect(reason).toContain('→ install sudo there, or set `ssh.user: root`')
  })
})

describe.skipIf(missing)('a connection that ends', () => {
  const shared = sharedSshd()

  test('in the middle of a script names the machine', async () => {
    const transport = await shared.open()
    const started = join(shared.sshd.folder, 'started')
    const script = `
      echo curl: Connection refused, Permission denied >&2
      touch ${started}
      sleep 3`
    const cut = failureOf(transport.run(script))
    const waiting = failureOf(transport.run('echo not reached'))
    await appears(started)
    expect(shared.sshd.dropConnections()).toBeGreaterThan(0)
    const error = await cut
    expect(error).toBeInstanceOf(GuideError)
    expect(error.message).toContain(
      'box (127.0.0.1): the connection ended in the middle of a script',
    )
    expect(error).toMatchObject({
      next: ['run the same command again: it goes on where it stopped'],
    })
    expect(await waiting).toBe(error)
    expect(await failureOf(transport.run('true'))).toBe(error)

    const again = await shared.open()
    expect((await again.run('echo on')).stdout).toBe('on\n')
  })

  test('between two scripts is told by the second', async () => {
    const transport = await shared.open()
    await transport.run('echo Permission denied >&2')
    shared.sshd.dropConnections()
    const error = await failureOf(transport.run('true'))
    expect(error.message).toMatch(/^box \(127\.0\.0\.1\): the connection ended/)
    expect(error.message).not.toContain('Permission denied')
  })

  test('because bash itself was killed is told as well', async () => {
    const transport = await shared.open()
    const error = await failureOf(transport.run('kill -9 $$; sleep 1'))
    expect(error.message).toContain('ended in the middle of a script')
    const again = await shared.open()
    expect((await again.run('echo on')).stdout).toBe('on\n')
  })

  test('does not end one of another process', async () => {
    const [one, other] = [await shared.open(), await shared.open()]
    await failureOf(one.run('kill -9 $$; sleep 1'))
    expect((await other.run('echo on')).stdout).toBe('on\n')
  })
})

async function appears(file: string) {
  while (!existsSync(file)) await sleep(10)
}
