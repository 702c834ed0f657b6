import { mkdtempSync, rmSync } from 'node:fs'
import { afterAll, beforeAll, vi } from 'vitest'
import { closeSsh, openSsh } from '../../lib/ssh.ts'
import type { Transport } from '../../lib/transport.ts'
import { type Sshd, startSshd } from './sshd.ts'

// Each starts processes, which a busy computer does slowly.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

/** A server for all tests of a file, with a folder for shared connections. */
export function sharedSshd(options: Parameters<typeof startSshd>[0] = {}) {
  const shared = {} as { sshd: Sshd; open(): Promise<Transport> }
  const opened: Transport[] = []
  const temporary = temporaryFolder()

  beforeAll(async () => {
    vi.stubEnv('TMPDIR', temporary)
    // The keys of whoever runs the tests are nothing to them.
    vi.stubEnv('SSH_AUTH_SOCK', undefined)
    shared.sshd = await startSshd(options)
    shared.open = async () => {
      const { machine, state } = shared.sshd
      const transport = await openSsh(machine, state, () => undefined)
      opened.push(transport)
      return transport
    }
  })

  afterAll(async () => {
    for (const transport of opened) transport.close()
    const { sshd } = shared
    if (!sshd) return
    await closeSsh([sshd.machine], sshd.state)
    await sshd.stop()
  })
  return shared
}

/** A folder of a short name, until the tests of the file have ended. */
export function temporaryFolder(): string {
  const folder = mkdtempSync('/tmp/kfs-')
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** What a promise is rejected with; it must be. */
export async function failureOf(promise: Promise<unknown>): Promise<Error> {
  const error = await promise.then(
    () => undefined,
    (reason) => reason,
  )
  if (!(error instanceof Error)) throw new Error('it should have failed')
  return error
}
