import { join } from 'node:path'
import { execa } from 'execa'
import { describe } from 'vitest'
import { sharedSshd, temporaryFolder } from '../transport/session.ts'
import { createKey, freePort, missing } from '../transport/sshd.ts'
import { test } from './printed.ts'

describe.skipIf(missing)('ssh', () => {
  const shared = sharedSshd()
  const folder = temporaryFolder()
  const known = join(folder, 'known_hosts')

  /** What ssh itself says, in place of our words for it. */
  async function said({ key = '', port = 0, host = '127.0.0.1' }) {
    const { sshd } = shared
    const options = {
      BatchMode: 'yes',
      IdentitiesOnly: 'yes',
      IdentityFile: key || join(sshd.state, 'ssh', 'id_ed25519'),
      StrictHostKeyChecking: 'accept-new',
      UserKnownHostsFile: known,
      Port: port || sshd.port,
    }
    const flags = Object.entries(options).map(([name, it]) => `-o${name}=${it}`)
    const words = ['-F', 'none', ...flags, host, 'true']
    const how = { all: true, reject: false, stdin: 'ignore' } as const
    return (await execa('ssh', words, how)).all
  }

  test('without a key that the machine knows is denied', async ({ prints }) => {
    const key = join(folder, 'stranger')
    await createKey(key)
    await prints(() => said({ key }))
  })

  test('is refused where nobody listens', async ({ prints }) => {
    const port = await freePort()
    await prints(() => said({ port }))
  })

  test('finds no machine of a name that is unknown', async ({ prints }) => {
    await prints(() => said({ host: 'nowhere.invalid' }))
  })

  test('stops where the host key is another one', async ({ prints }) => {
    await said({})
    await shared.sshd.changeHostKey()
    await prints(() => said({}))
  })
})
