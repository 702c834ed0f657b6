import { beforeEach, describe, expect, test } from 'vitest'
import { journal } from '../../lib/journal.ts'
import { Machine } from '../../lib/machine.ts'
import { sh } from '../../lib/shell.ts'
import { fakeHost } from '../fake/host.ts'
import { stubHost } from '../fake/stub.ts'
import { type FakeMachine, newMachine, World } from '../fake/world.ts'

const installer = {
  programs: async () => undefined,
  images: async () => undefined,
}
const named = (name: string) => ({
  ...{ name, address: '10.10.0.11', roles: ['control-plane' as const] },
  ssh: { host: '10.10.0.11' },
})
const unit = '[Service]\nExecStart=/usr/bin/sleep inf\n'
const service = { unit, reads: ['/etc/it', '/etc/other.yaml'] }

let world: World
let model: FakeMachine
const machine = ({ planning = false } = {}) =>
  new Machine(named('cp-1'), fakeHost(world, model), {
    ...{ planning, journal: journal(), installer },
  })

beforeEach(async () => {
  world = new World('/nowhere/world.json')
  model = newMachine('cp-1', '10.10.0.11', true)
  world.state.machines[model.address] = model
  await machine().file('/etc/it/config', 'one\n')
})

const changesOf = async (act: (machine: Machine) => Promise<unknown>) => {
  const one = machine()
  await act(one)
  return one.journal.changes
}

describe('a service', () => {
  test('that does not run is enabled and started', async () => {
    const changes = await changesOf((it) => it.service('it', service))
    expect(changes).toEqual([
      ...['/etc/systemd/system/it.service', 'it.service started'],
    ])
    expect(model.units.it).toMatchObject({ enabled: true, active: true })
  })

  test('that read everything there is goes on undisturbed', async () => {
    await machine().service('it', service)
    const started = model.units.it?.started
    expect(await changesOf((it) => it.service('it', service))).toEqual([])
    expect(model.units.it?.started).toBe(started)
  })

  test('restarts when a file that it reads is newer', async () => {
    await machine().service('it', service)
    await machine().file('/etc/it/deep/inside', 'two\n')
    expect(await changesOf((it) => it.service('it', service))).toEqual([
      'it.service restarted',
    ])
  })

  test('restarts in the next run, when this one was cut off', async () => {
    await machine().service('it', service)
    await machine().file('/etc/it/config', 'two\n')
    // Another process: nobody remembers that the file was written.
    expect(await changesOf((it) => it.service('it', service))).toEqual([
      'it.service restarted',
    ])
  })

  test('restarts when its unit says something else', async () => {
    await machine().service('it', service)
    const other = { ...service, unit: `${unit}Restart=always\n` }
    expect(await changesOf((it) => it.service('it', other))).toEqual([
      ...['/etc/systemd/system/it.service', 'it.service restarted'],
    ])
  })

  test('does not restart for a file that it does not read', async () => {
    await machine().service('it', service)
    await machine().file('/etc/italics', 'two\n')
    await machine().file('/etc/other.yaml.bak', 'two\n')
    expect(await changesOf((it) => it.service('it', service))).toEqual([])
  })

  test('is removed with its unit, and once', async () => {
    await machine().service('it', service)
    expect(await changesOf((it) => it.removeService('it'))).toEqual([
      'removed it.service',
    ])
    expect(model.units.it).toBeUndefined()
    expect(await changesOf((it) => it.removeService('it'))).toEqual([])
  })
})

describe('the plan of a service', () => {
  const plan = async (act: (machine: Machine) => Promise<unknown>) => {
    const one = machine({ planning: true })
    await act(one)
    return one.journal.details
  }

  test('says start for one that does not run, and starts nothing', async () => {
    expect(await plan((it) => it.service('it', service))).toContain(
      'start it.service',
    )
    expect(model.units.it).toBeUndefined()
  })

  test('says restart when the same plan writes a file that it reads', async () => {
    await machine().service('it', service)
    const details = await plan(async (it) => {
      await it.file('/etc/it/config', 'two\n')
      await it.service('it', service)
    })
    expect(details.at(-1)).toBe('restart it.service')
  })

  test('says nothing when nothing is newer', async () => {
    await machine().service('it', service)
    expect(await plan((it) => it.service('it', service))).toEqual([])
  })
})

describe('restarts one at a time', () => {
  const healthy = sh`is-it-healthy`

  /** Machines on which it runs and has to be restarted. */
  function stale(name: string, answer: () => string | Promise<string>) {
    const order: string[] = []
    const machines = ['cp-1', 'cp-2', 'cp-3'].map((which) => {
      const { host } = stubHost([
        [/systemctl show/, 'loaded no\nstale'],
        [
          /systemctl restart/,
          () => {
            order.push(`${which} restarts`)
            return ''
          },
        ],
        [
          /is-it-healthy/,
          async () => {
            const said = await answer()
            order.push(`${which} is ${said || 'healthy'}`)
            return said
          },
        ],
      ])
      const options = { planning: false, journal: journal(), installer }
      return new Machine(named(which), host, options)
    })
    const all = () =>
      Promise.allSettled(
        machines.map((it) => it.service(name, { unit, reads: [], healthy })),
      )
    return { order, all }
  }

  test('wait until the one before is healthy', async () => {
    const later = () => new Promise<string>((done) => setTimeout(done, 5, ''))
    const { order, all } = stale('patient', later)
    await all()
    expect(order).toEqual([
      ...['cp-1 restarts', 'cp-1 is healthy'],
      ...['cp-2 restarts', 'cp-2 is healthy'],
      ...['cp-3 restarts', 'cp-3 is healthy'],
    ])
  })

  test('end with the first that does not become healthy', async () => {
    const { order, all } = stale('broken', () => 'late')
    const results = await all()
    expect(order).toEqual(['cp-1 restarts', 'cp-1 is late'])
    const reasons = results.map((it) =>
      String((it as PromiseRejectedResult).reason),
    )
    expect(reasons[0]).toContain('broken is healthy after its restart')
    expect(reasons[1]).toContain('cp-2: broken was not restarted')
    expect(reasons[2]).toContain('it did not become healthy on cp-1')
  })

  test('are for running ones: those that stand still start at once', async () => {
    const { host, asked } = stubHost([[/systemctl show/, 'loaded no\nstopped']])
    const options = { planning: false, journal: journal(), installer }
    const one = new Machine(named('cp-1'), host, options)
    await one.service('first', { unit, reads: [], healthy, wait: false })
    expect(asked.join('\n')).toContain('restart --no-block first')
    expect(asked.join('\n')).not.toContain('is-it-healthy')
  })
})

describe('what systemd reads', () => {
  test.for([
    { of: 'a unit that it hears of for the first time', found: 'loaded no' },
    { of: 'one that it knows by an older file', found: 'loaded yes' },
    { of: 'one that it has not found yet', found: 'not-found no' },
  ])('of $of, is all units only where it must', async ({ found }) => {
    const { host, asked } = stubHost([[/systemctl show/, `${found}\nstopped`]])
    const options = { planning: false, journal: journal(), installer }
    await new Machine(named('cp-1'), host, options).service('it', service)
    const reloads = asked.some((script) => script.includes('daemon-reload'))
    expect(reloads).toBe(found !== 'loaded no')
  })
})
