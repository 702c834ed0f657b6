import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { loadCluster } from '../../lib/cluster.ts'
import { GuideError } from '../../lib/errors.ts'
import { journal } from '../../lib/journal.ts'
import { Operator } from '../../lib/operator.ts'
import { createAuthority, issue, type Pair } from '../../lib/pki.ts'
import { openState, type State } from '../../lib/state.ts'

const root = mkdtempSync(join(tmpdir(), 'kfs-operator-'))
afterAll(() => rmSync(root, { recursive: true }))

const authority = { commonName: 'cluster-ca', days: 30 }
const admin = {
  ...{ commonName: 'admin', organizations: ['admins'] },
  ...{ usages: ['client' as const], days: 20 },
}
const day = 86_400_000

// Making keys takes most of the time, so these are made once.
let ours: Pair
let foreign: Pair
beforeAll(async () => {
  ours = await createAuthority(authority)
  foreign = await createAuthority(authority)
})

let state: State
const operator = ({ planning = false } = {}) =>
  new Operator(state, { planning, journal: journal() })

beforeEach(() => {
  const cluster = loadCluster('cluster.yaml')
  const directory = mkdtempSync(join(root, 'state-'))
  state = openState({ ...cluster, directory })
})

function keep(name: string, { certificate, key }: Pair): void {
  state.write(`${name}.crt`, certificate)
  state.write(`${name}.key`, key)
}

const failureOf = async (act: () => unknown): Promise<GuideError> => {
  try {
    await act()
  } catch (error) {
    if (error instanceof GuideError) return error
    throw error
  }
  throw new Error('it did not fail')
}

describe('an authority', () => {
  test('is made once, and never replaced', async () => {
    const first = operator()
    await first.authority('cluster', authority)
    const made = state.read('pki/cluster/ca.key')
    expect(first.journal.changes).toEqual(['pki/cluster/ca.crt'])
    const second = operator()
    await second.authority('cluster', authority)
    expect(second.journal.changes).toEqual([])
    expect(state.read('pki/cluster/ca.key')).toBe(made)
  })

  test('that has expired is refused by the name of its file, and kept', async () => {
    const now = new Date(Date.now() - 40 * day)
    const old = await createAuthority({ ...authority, now })
    keep('pki/cluster/ca', old)
    const error = await failureOf(() =>
      operator().authority('cluster', authority),
    )
    expect(error.message).toContain('/pki/cluster/ca.crt cannot be used')
    expect(error.message).toContain('expired')
    expect(error.next.join('\n')).toContain('backup')
    expect(state.read('pki/cluster/ca.key')).toBe(old.key)
  })

  test('whose key was lost half-way is made anew', async () => {
    state.write('pki/cluster/ca.crt', foreign.certificate)
    await operator().authority('cluster', authority)
    expect(state.read('pki/cluster/ca.crt')).not.toBe(foreign.certificate)
  })

  test('is not made under --plan', async () => {
    const one = operator({ planning: true })
    await one.authority('cluster', authority)
    expect(one.journal.changes).toEqual(['pki/cluster/ca.crt'])
    expect(state.read('pki/cluster/ca.crt')).toBeUndefined()
  })
})

describe('a certificate', () => {
  beforeEach(() => keep('pki/cluster/ca', ours))
  const issued = (one = operator(), wanted: typeof admin = admin) =>
    one.certificate('cluster/admin', wanted).then(() => one.journal.changes)

  test('is issued once', async () => {
    expect(await issued()).toEqual(['pki/cluster/admin.crt'])
    expect(await issued()).toEqual([])
  })

  test('is issued again when it is to say something else', async () => {
    await issued()
    const other = { ...admin, organizations: ['others'] }
    expect(await issued(operator(), other)).toEqual(['pki/cluster/admin.crt'])
  })

  test('is issued again when it has expired', async () => {
    const now = new Date(Date.now() - 25 * day)
    const old = await createAuthority({ ...authority, now, days: 60 })
    keep('pki/cluster/ca', old)
    keep('pki/cluster/admin', await issue({ ...admin, now, authority: old }))
    expect(await issued()).toEqual(['pki/cluster/admin.crt'])
    expect(operator().pair('cluster/admin')).toBeDefined()
  })

  test('of a foreign authority is refused by the name of its file, and kept', async () => {
    const stranger = await issue({ ...admin, authority: foreign })
    keep('pki/cluster/admin', stranger)
    const error = await failureOf(() => issued())
    expect(error.message).toContain('/pki/cluster/admin.crt cannot be used')
    expect(error.message).toMatch(/authority/)
    expect(state.read('pki/cluster/admin.crt')).toBe(stranger.certificate)
  })

  test('is not handed out when it has expired, and 03 is named', async () => {
    const now = new Date(Date.now() - 25 * day)
    const old = await createAuthority({ ...authority, now, days: 60 })
    keep('pki/cluster/ca', old)
    keep('pki/cluster/admin', await issue({ ...admin, now, authority: old }))
    const error = await failureOf(() => operator().pair('cluster/admin'))
    expect(error.message).toContain('/pki/cluster/admin.crt cannot be used')
    expect(error.next.join('\n')).toContain('step 03')
  })

  test('is not handed out when a foreign authority signed it', async () => {
    keep('pki/cluster/admin', await issue({ ...admin, authority: foreign }))
    const error = await failureOf(() => operator().pair('cluster/admin'))
    expect(error.message).toContain('/pki/cluster/admin.crt cannot be used')
  })

  test('is not handed out with the key of another', async () => {
    await issued()
    const { key } = foreign
    state.write('pki/cluster/admin.key', key)
    const error = await failureOf(() => operator().pair('cluster/admin'))
    expect(error.message).toMatch(/key/)
  })
})

describe('what is made by chance', () => {
  test('is made once: keys without certificate, and secrets', async () => {
    await operator().keyPair('service-account')
    operator().secret('encryption.yaml', () => 'one')
    const key = state.read('pki/service-account.key')
    const again = operator()
    await again.keyPair('service-account')
    again.secret('encryption.yaml', () => 'two')
    expect(again.journal.changes).toEqual([])
    expect(state.read('pki/service-account.key')).toBe(key)
    expect(state.read('encryption.yaml')).toBe('one')
  })

  test('is not made under --plan, and not shown', async () => {
    const one = operator({ planning: true })
    await one.keyPair('service-account')
    one.secret('encryption.yaml', () => 'very secret')
    expect(one.journal.changes).toEqual([
      ...['pki/service-account.key', 'encryption.yaml'],
    ])
    expect(one.journal.details.join('\n')).not.toContain('very secret')
    expect(readdirSync(state.directory)).toEqual(['identity'])
  })
})

describe('a file of the state folder', () => {
  test('is written when it differs', () => {
    const one = operator()
    one.file('kubeconfig/admin.yaml', 'one')
    one.file('kubeconfig/admin.yaml', 'one')
    one.file('kubeconfig/admin.yaml', 'two')
    expect(one.journal.changes).toHaveLength(2)
    expect(state.read('kubeconfig/admin.yaml')).toBe('two')
  })

  test('is shown in a plan by its fingerprint alone', () => {
    const one = operator({ planning: true })
    one.file('kubeconfig/admin.yaml', 'token: very secret')
    expect(one.journal.details.join('\n')).toMatch(/secret sha256:/)
    expect(one.journal.details.join('\n')).not.toContain('very secret')
    expect(state.read('kubeconfig/admin.yaml')).toBeUndefined()
  })

  test('that is missing is an error that names the step that makes it', async () => {
    const key = await failureOf(() => operator().read('pki/cluster/ca.key'))
    expect(key.message).toContain('pki/cluster/ca.key is missing')
    expect(key.next.join('\n')).toContain('--from 03 --to 03')
    const other = await failureOf(() => operator().read('encryption.yaml'))
    expect(other.next.join('\n')).toContain('--from 04 --to 04')
  })

  test('that is missing is unknown in a plan', () => {
    const one = operator({ planning: true })
    expect(one.read('pki/cluster/ca.crt')).toContain('unknown until 03 has run')
    const pair = one.pair('cluster/admin')
    expect(pair.key).toContain('unknown until 03 has run')
  })
})
