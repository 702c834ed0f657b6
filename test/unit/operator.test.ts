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
const { controlPlanes } = loadCluster('cluster.yaml')
const operator = ({ planning = false, undoing = false } = {}) =>
  new Operator(state, {
    ...{ planning, undoing, journal: journal() },
    controlPlane: controlPlanes[0],
  })

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

  test('that was cut short after its key gets a certificate for that key', async () => {
    state.write('pki/cluster/ca.key', ours.key)
    await operator().authority('cluster', authority)
    expect(state.read('pki/cluster/ca.key')).toBe(ours.key)
    await operator().certificate('cluster/admin', admin)
    expect(operator().pair('cluster/admin')).toBeDefined()
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

describe('once its step was applied,', () => {
  const files = (...names: string[]) =>
    Object.fromEntries(names.map((name) => [name, state.read(name)]))
  const [crt, caKey] = ['pki/cluster/ca.crt', 'pki/cluster/ca.key'] as const
  const make = (one = operator()) => one.authority('cluster', authority)

  beforeEach(() => {
    for (const number of ['03', '04', '06', '07']) {
      state.recordStep(number, { status: 'applied', machines: ['cp-1'] })
    }
    keep('pki/cluster/ca', ours)
  })

  test('an authority is not made a second time', async () => {
    state.remove('pki')
    const error = await failureOf(() => make())
    const { directory } = state
    expect(error.message).toContain(
      `${directory}/${crt} and ${directory}/${caKey} are missing`,
    )
    expect(error.message).toContain('all certificates that this one signed')
    const next = error.next.join('\n')
    expect(next).toContain(`a backup of ${directory}`)
    expect(next).toContain('--undo --from 03 --cascade --forget')
    expect(files(crt, caKey)).toEqual({ [crt]: undefined, [caKey]: undefined })
  })

  test('the certificate of an authority is not made anew', async () => {
    state.remove(crt)
    const error = await failureOf(() => make())
    expect(error.message).toContain(`/${crt} is missing`)
    const local = `${state.directory}/${crt}`
    const next = error.next.join('\n')
    expect(next).toContain('cp-1 has as /etc/kubernetes/api-server/ca.crt: (')
    expect(next).toContain(
      ` 10.10.0.11 'cat /etc/kubernetes/api-server/ca.crt' > ${local})`,
    )
    expect(files(crt, caKey)).toEqual({ [crt]: undefined, [caKey]: ours.key })
  })

  test('the key of an authority may be away while it signs nothing', async () => {
    await operator().certificate('cluster/admin', admin)
    state.remove(caKey)
    const one = operator()
    await make(one)
    await one.certificate('cluster/admin', admin)
    expect(one.journal.changes).toEqual([])
    expect(one.pair('cluster/admin')).toBeDefined()
    expect(files(crt, caKey)).toEqual({
      ...{ [crt]: ours.certificate, [caKey]: undefined },
    })
  })

  test('a certificate without a key is still looked at', async () => {
    const now = new Date(Date.now() - 40 * day)
    const old = await createAuthority({ ...authority, now })
    state.write(crt, old.certificate)
    state.remove(caKey)
    const error = await failureOf(() => make())
    expect(error.message).toContain('expired')
  })

  test('a key that is away is asked for when it has to sign', async () => {
    await operator().certificate('cluster/admin', admin)
    const before = files('pki/cluster/admin.crt', 'pki/cluster/admin.key')
    state.remove(caKey)
    for (const planning of [false, true]) {
      const one = operator({ planning })
      const other = { ...admin, commonName: 'somebody' }
      const error = await failureOf(() =>
        one.certificate('cluster/admin', other),
      )
      expect(error.message).toContain(`/${caKey} is missing`)
      expect(error.message).toContain(
        "has to sign pki/cluster/admin.crt: common name is 'admin'",
      )
      expect(error.next.join('\n')).toContain('controllers/ca.key')
    }
    const added = await failureOf(() =>
      operator().certificate('cluster/new', admin),
    )
    expect(added.message).toContain('sign pki/cluster/new.crt: that one is')
    expect(files(...Object.keys(before))).toEqual(before)
  })

  test('a key that a step hands on is said to be missing, not to be made', async () => {
    state.remove(caKey)
    const error = await failureOf(() => operator().pair('cluster/ca'))
    expect(error.message).toContain(`/${caKey} is missing`)
    expect(error.next.join('\n')).not.toContain('--from 03 --to 03')
  })

  test('the key of service accounts is not made a second time', async () => {
    await failureOf(() => operator().keyPair('service-account'))
    state.write('pki/service-account.pub', 'the public half')
    const error = await failureOf(() => operator().keyPair('service-account'))
    expect(error.message).toContain('/pki/service-account.key is missing')
    expect(error.message).toContain('all tokens that pods hold')
    expect(state.read('pki/service-account.key')).toBeUndefined()
    expect(state.read('pki/service-account.pub')).toBe('the public half')
  })

  test('the encryption key is not made a second time', async () => {
    const error = await failureOf(() =>
      operator().secret('encryption.yaml', () => 'another'),
    )
    expect(error.message).toContain('/encryption.yaml is missing')
    expect(error.message).toContain('no Secret in etcd could ever be read')
    const next = error.next.join('\n')
    expect(next).toContain('/etc/kubernetes/api-server/encryption.yaml')
    expect(next).toContain('--undo --from 04 --cascade --forget')
    expect(state.read('encryption.yaml')).toBeUndefined()
  })

  test('no copy is offered that no step has made yet', async () => {
    state.recordStep('06', undefined)
    const error = await failureOf(() =>
      operator().secret('encryption.yaml', () => 'another'),
    )
    expect(error.next.join('\n')).not.toContain('ssh')
  })

  test('an undo needs nothing of what is missing', () => {
    state.remove('pki')
    const one = operator({ undoing: true })
    expect(one.read(crt)).toContain('unknown')
    expect(one.pair('cluster/admin').key).toContain('unknown')
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

  test('is worked out of the private half, when the public one is lost', async () => {
    await operator().keyPair('service-account')
    const half = state.read('pki/service-account.pub')
    expect(half).toContain('BEGIN PUBLIC KEY')
    state.remove('pki/service-account.pub')
    const again = operator()
    await again.keyPair('service-account')
    expect(again.journal.changes).toEqual(['pki/service-account.pub'])
    expect(state.read('pki/service-account.pub')).toBe(half)
  })

  test('is never made beside a public half, however far the steps are', async () => {
    state.write('pki/service-account.pub', 'the public half')
    await failureOf(() => operator().keyPair('service-account'))
    expect(state.read('pki/service-account.pub')).toBe('the public half')
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
