import { beforeEach, describe, expect, test } from 'vitest'
import { GuideError } from '../../lib/errors.ts'
import { journal } from '../../lib/journal.ts'
import { Machine } from '../../lib/machine.ts'
import { sh } from '../../lib/shell.ts'
import { fakeHost } from '../fake/host.ts'
import { stubHost } from '../fake/stub.ts'
import { type FakeMachine, newMachine, World } from '../fake/world.ts'

const entry = {
  ...{ name: 'cp-1', address: '10.10.0.11', roles: ['control-plane' as const] },
  ssh: { host: '10.10.0.11' },
}
const installer = {
  programs: async () => undefined,
  images: async () => undefined,
}
const optionsFor = (planning: boolean) => {
  return { planning, journal: journal(), installer }
}

let world: World
let model: FakeMachine
const machine = ({ planning = false } = {}) =>
  new Machine(entry, fakeHost(world, model), optionsFor(planning))

beforeEach(() => {
  world = new World('/nowhere/world.json')
  model = newMachine('cp-1', '10.10.0.11', true)
  world.state.machines[model.address] = model
})

describe('a file', () => {
  test('is written once, with the access that was asked for', async () => {
    const one = machine()
    model.users.push('etcd')
    const access = { mode: 0o600, owner: 'etcd' }
    expect(await one.file('/etc/etcd/a', 'text\n', access)).toBe(true)
    expect(await one.file('/etc/etcd/a', 'text\n', access)).toBe(false)
    expect(model.files['/etc/etcd/a']).toMatchObject({
      ...{ content: 'text\n', mode: 0o600, owner: 'etcd:etcd' },
    })
    expect(one.journal).toMatchObject({ looked: 2, changes: ['/etc/etcd/a'] })
  })

  test('is written again when its access alone is not as it should be', async () => {
    await machine().file('/etc/a', 'text\n', { mode: 0o600 })
    expect(await machine().file('/etc/a', 'text\n')).toBe(true)
    expect(model.files['/etc/a']?.mode).toBe(0o644)
  })

  test('is only told of under --plan', async () => {
    const one = machine({ planning: true })
    expect(await one.file('/etc/a', 'text\n')).toBe(true)
    expect(model.files['/etc/a']).toBeUndefined()
    expect(one.journal.details).toContain('create /etc/a')
  })

  test('that is as it should be is no part of a plan', async () => {
    await machine().file('/etc/a', 'text\n')
    const one = machine({ planning: true })
    expect(await one.file('/etc/a', 'text\n')).toBe(false)
    expect(one.journal.changes).toEqual([])
  })
})

describe('a folder', () => {
  test('has the owner and mode that it must have', async () => {
    model.users.push('etcd')
    const access = { mode: 0o700, owner: 'etcd' }
    expect(await machine().directory('/var/lib/etcd', access)).toBe(true)
    expect(model.folders['/var/lib/etcd']).toBe('700 etcd:etcd')
    expect(await machine().directory('/var/lib/etcd', access)).toBe(false)
  })
})

describe('what is removed', () => {
  test('is gone with all that it holds', async () => {
    await machine().file('/etc/a/b/c', '')
    await machine().remove('/etc/a')
    expect(Object.keys(model.files)).not.toContain('/etc/a/b/c')
  })

  test('is told of when it was there, and not otherwise', async () => {
    for (const planning of [false, true]) {
      await machine().file('/etc/a', '')
      const one = machine({ planning })
      await one.remove('/etc/other')
      expect(one.journal.changes).toEqual([])
      await one.remove('/etc/a')
      expect(one.journal.changes).toEqual(['removed /etc/a'])
    }
    expect(model.files['/etc/a']).toBeDefined()
  })

  test('goes with what an upload that was cut off has left', async () => {
    await machine().file('/usr/local/bin/etcd.new', 'half')
    await machine().uninstall('etcd')
    expect(model.files['/usr/local/bin/etcd.new']).toBeUndefined()
  })
})

describe('ensure', () => {
  test('changes nothing where the check holds already', async () => {
    const one = machine()
    expect(await one.user('etcd')).toBe(true)
    expect(await one.user('etcd')).toBe(false)
    expect(one.journal).toMatchObject({ looked: 2, changes: ['user etcd'] })
  })

  test('tells under --plan what it would run, and runs nothing', async () => {
    const one = machine({ planning: true })
    expect(await one.user('etcd')).toBe(true)
    expect(model.users).toEqual(['root'])
    expect(one.journal.details.join('\n')).toMatch(/^ {2}\$ useradd --system/m)
  })
})

describe('waiting', () => {
  test('ends when the script succeeds', async () => {
    const { host } = stubHost()
    const one = new Machine(entry, host, optionsFor(false))
    await one.until('it is up', sh`true`)
  })

  test('fails with what it waited for, what was seen, what to do', async () => {
    const { host } = stubHost([
      [/end=\$\(\(SECONDS \+ 5\)\)/, 'late\nit said no'],
    ])
    const one = new Machine(entry, host, optionsFor(false))
    const waiting = one.until('it is up', sh`x`, {
      ...{ seconds: 5, next: ['journalctl -u it'] },
    })
    const error = await waiting.catch((it) => it)
    expect(error).toBeInstanceOf(GuideError)
    expect(error.message).toContain('cp-1: waited 5 s until it is up')
    expect(error.message).toContain('it said no')
    expect(error.next).toEqual(['journalctl -u it, on cp-1'])
  })

  test('is not done under --plan', async () => {
    const { host, asked } = stubHost()
    const one = new Machine(entry, host, optionsFor(true))
    await one.until('it is up', sh`true`)
    expect(asked).toEqual([])
  })
})

describe('facts', () => {
  test('are read once, and used by everybody', async () => {
    const { host, asked } = stubHost([[/uname -m/, 'aarch64\n2\nmachine\nyes']])
    const one = new Machine(entry, host, optionsFor(false))
    await one.facts()
    expect(await one.facts()).toEqual({
      ...{ architecture: 'arm64', cgroup: 2 },
      ...{ container: false, mayLowerOomScore: true },
    })
    expect(asked).toHaveLength(1)
  })

  test('of an architecture without releases end the step', async () => {
    const { host } = stubHost([[/uname -m/, 'riscv64\n2\nmachine\nyes']])
    const one = new Machine(entry, host, optionsFor(false))
    await expect(one.facts()).rejects.toThrow('riscv64')
  })
})
