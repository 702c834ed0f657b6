import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import { beforeAll, describe, onTestFinished } from 'vitest'
import { createAuthority, issue, type Pair } from '../../lib/pki.ts'
import { temporaryFolder } from '../transport/session.ts'
import { test } from './printed.ts'
import { lackOf, printedBy } from './programs.ts'

describe.skipIf(lackOf(['etcdctl']))('a client refuses a server', () => {
  const folder = temporaryFolder()
  const trusted = join(folder, 'ca.crt')
  let authority: Pair
  const dialled = { addresses: ['127.0.0.1'], usages: ['server'] } as const
  const lifetime = { commonName: 'server', days: 1 }

  beforeAll(async () => {
    authority = await createAuthority({ commonName: 'ca', days: 1 })
    writeFileSync(trusted, authority.certificate)
  })

  /** What etcdctl says of a server on loopback that shows this. */
  async function saidOf({ certificate: cert, key }: Pair): Promise<string> {
    const server = createServer({ cert, key }).listen(0, '127.0.0.1')
    onTestFinished(async () => {
      server.close()
      await once(server, 'close')
    })
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    return printedBy('etcdctl', [
      ...['--endpoints', `https://127.0.0.1:${port}`, '--cacert', trusted],
      ...['--command-timeout', '2s', 'get', '/'],
    ])
  }

  test('of another authority', async ({ prints }) => {
    const other = await createAuthority({ commonName: 'ca', days: 1 })
    const pair = await issue({ authority: other, ...lifetime, ...dialled })
    await prints(() => saidOf(pair))
  })

  test('that is for another address', async ({ prints }) => {
    const elsewhere = { ...dialled, addresses: ['10.32.0.1'] }
    const pair = await issue({ authority, ...lifetime, ...elsewhere })
    await prints(() => saidOf(pair))
  })

  test('that is for a name, dialled by its address', async ({ prints }) => {
    const named = { dnsNames: ['worker-1'], usages: ['server'] } as const
    const pair = await issue({ authority, ...lifetime, ...named })
    await prints(() => saidOf(pair))
  })

  test('that is not valid yet', async ({ prints }) => {
    const now = new Date(Date.now() + 3_600_000)
    const pair = await issue({ authority, ...lifetime, ...dialled, now })
    await prints(() => saidOf(pair))
  })

  test('that is for clients', async ({ prints }) => {
    const reversed = { ...dialled, usages: ['client'] } as const
    const pair = await issue({ authority, ...lifetime, ...reversed })
    await prints(() => saidOf(pair))
  })
})
