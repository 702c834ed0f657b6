import { afterEach, expect, test, vi } from 'vitest'
import type { MachineEntry } from '../../lib/cluster.ts'
import { renderError } from '../../lib/errors.ts'
import type { Host } from '../../lib/host.ts'
import { hosts, lazyHost, membershipFile } from '../../lib/hosts.ts'
import { sh } from '../../lib/shell.ts'
import type { State } from '../../lib/state.ts'
import { failureOf } from './session.ts'

const entry: MachineEntry = {
  name: 'box',
  address: '10.10.1.11',
  roles: ['worker'],
  ssh: { host: '10.10.1.11' },
}
const state = { directory: '/state', identity: 'scratch 1234' } as State

afterEach(() => vi.restoreAllMocks())

/** Every machine says that it belongs to this cluster from now on. */
function belongingTo(identity: string | undefined) {
  const looked: string[] = []
  const host = {
    look: async (path: string) => {
      looked.push(path)
      return identity === undefined
        ? undefined
        : { content: `${identity}\n`, mode: 0o644, owner: 'root:root' }
    },
    read: async () => 'read',
  } as unknown as Host
  const open = vi.spyOn(hosts, 'open').mockResolvedValue(host)
  return { open, looked }
}

test('a machine is opened at its first use, and once', async () => {
  const { open, looked } = belongingTo(state.identity)
  const host = lazyHost(entry, state, () => undefined)
  expect(open).not.toHaveBeenCalled()
  const both = [host.read(sh`true`), host.read(sh`true`)]
  expect(await Promise.all(both)).toEqual(['read', 'read'])
  expect(open).toHaveBeenCalledTimes(1)
  expect(looked).toEqual([membershipFile])
})

test('a machine that belongs to nobody may be used', async () => {
  belongingTo(undefined)
  const host = lazyHost(entry, state, () => undefined)
  expect(await host.read(sh`true`)).toBe('read')
})

test('a machine of another cluster is refused, whatever is asked', async () => {
  belongingTo('other 5678')
  const host = lazyHost(entry, state, () => undefined)
  const file = { content: '', mode: 0o644, owner: 'root:root' }
  const errors = await Promise.all([
    failureOf(host.read(sh`true`)),
    failureOf(host.holds(sh`true`)),
    failureOf(host.ensure(sh`true`, sh`true`)),
    failureOf(host.write('/file', file)),
    failureOf(host.look('/file')),
    failureOf(host.remove(['/file'])),
    failureOf(host.upload('/file', '/file')),
  ])
  expect(new Set(errors).size).toBe(1)
  const reason = renderError(errors[0])
  expect(reason).toContain('box (10.10.1.11) is a machine of another cluster')
  expect(reason).toContain(`found in ${membershipFile}: other 5678`)
  expect(reason).toContain('the state folder /state says: scratch 1234')
})
