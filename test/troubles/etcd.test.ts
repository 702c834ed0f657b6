import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished } from 'vitest'
import { ask } from '../../lib/https.ts'
import { createAuthority, issue } from '../../lib/pki.ts'
import { temporaryFolder } from '../transport/session.ts'
import { freePort } from '../transport/sshd.ts'
import { member } from './etcd-member.ts'
import { test } from './printed.ts'
import { apart, lackOf, pathOf, start } from './programs.ts'

const programs = ['etcd', 'etcdctl']

describe.skipIf(lackOf(programs))('etcd', () => {
  const folder = temporaryFolder()

  test('a database that is full takes no writes', async ({ prints }) => {
    const one = await member(folder, 'full')
    one.start([one], ['--quota-backend-bytes', '4194304'])
    const much = 'x'.repeat(100_000)
    let count = 0
    await prints(() => one.ctl('put', `key-${count++}`, much))
  })

  test('a member alone of two has no quorum', async ({ prints }) => {
    const one = await member(folder, 'alone')
    const other = await member(folder, 'absent')
    one.start([one, other])
    await prints(() => one.ctl('endpoint', 'health'))
  })

  test('a member without its data cannot begin anew', async ({ prints }) => {
    const one = await member(folder, 'stays')
    const other = await member(folder, 'returns')
    one.start([one, other])
    const before = other.start([one, other])
    const healthy = { timeout: 90_000, interval: 200 }
    await expect
      .poll(() => one.ctl('endpoint', 'health'), healthy)
      .toContain('is healthy')
    await before.stop()
    rmSync(join(folder, 'returns'), { recursive: true })
    const anew = other.start([one, other])
    await prints(() => anew.said())
  })

  test('a peer without a certificate is turned away', async ({ prints }) => {
    const authority = await createAuthority({ commonName: 'etcd-ca', days: 1 })
    const own = await issue({
      ...{ authority, days: 1, commonName: 'one' },
      ...{ addresses: ['127.0.0.1'], usages: ['client', 'server'] },
    })
    const files = {
      'trusted-ca': authority.certificate,
      cert: own.certificate,
      key: own.key,
    }
    const flags = Object.entries(files).flatMap(([name, text]) => {
      const file = join(folder, name)
      writeFileSync(file, text, { mode: 0o600 })
      return [`--peer-${name}-file`, file]
    })
    const peer = `https://127.0.0.1:${await freePort()}`
    const client = `http://127.0.0.1:${await freePort()}`
    const etcd = start('etcd', [
      ...['--data-dir', join(folder, 'careful'), '--peer-client-cert-auth'],
      ...['--listen-client-urls', client, '--advertise-client-urls', client],
      ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
      ...['--initial-cluster', `default=${peer}`, ...flags],
    ])
    onTestFinished(() => etcd.stop())
    const dial = () => ask(peer, { authority: authority.certificate })
    await prints(async () => {
      await expect(dial()).rejects.toThrow()
      return etcd.said()
    })
  })
})

describe.skipIf(lackOf(programs, { root: true }))('the disk of etcd', () => {
  test('that is full lets no member start', async ({ prints }) => {
    const script = `
      mount -t tmpfs -o size=8m tmpfs /mnt
      "$etcd" --data-dir /mnt/data`
    await prints(() => apart(script, { etcd: pathOf('etcd') }))
  })
})
