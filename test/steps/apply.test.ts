import { join } from 'node:path'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { mask, renderChanges, renderState, secretsIn } from '../fake/render.ts'
import {
  building,
  flagsFor,
  openWorkshop,
  type Sandbox,
} from '../fake/sandbox.ts'
import type { Change } from '../fake/world.ts'

// One cluster of fakes, from nothing to the last step: each step in a process
// of its own, as people run it, and looked at before and after. A snapshot
// that differs is read like the step itself, then accepted with `vitest -u`.

vi.setConfig({ testTimeout: 60_000 })
const workshop = openWorkshop()
afterAll(() => workshop.close())

const everything = ({ world, state }: Sandbox) => ({
  world: world(),
  state: state(),
})

describe('on machines that no step has seen', () => {
  const sandbox = workshop.sandbox('cluster.yaml')

  test('a plan of any step changes nothing, here or there', async () => {
    for (const { number } of building) {
      const outcome = await workshop.run(sandbox, number, ['--plan'])
      expect(outcome.code, outcome.output).toBe(0)
      expect(outcome.output).toContain('nothing is changed')
      expect(outcome.output).not.toContain('undefined')
      expect(sandbox.state()).toEqual({})
      expect(sandbox.log()).toEqual([])
    }
  })

  test('a plan names what it cannot know, and who makes it', async () => {
    const etcd = await workshop.run(sandbox, '05', ['--plan'])
    expect(etcd.output).toContain('create /etc/etcd/etcd.yaml')
    expect(etcd.output).toContain('unknown until 03 has run')
    const network = await workshop.run(sandbox, '12', ['--plan'])
    expect(network.output).toContain('unknown until 10 has run')
  })
})

describe('from nothing to a cluster', () => {
  const sandbox = workshop.sandbox('cluster.yaml')

  for (const { number, name } of building) {
    let plan = ''

    test(`the plan of ${number} ${name} changes nothing`, async () => {
      const before = everything(sandbox)
      const outcome = await workshop.run(sandbox, number, ['--plan'])
      plan = outcome.output
      expect(outcome.code, plan).toBe(0)
      expect(everything(sandbox)).toEqual(before)
      expectNoSecrets(plan)
    })

    test(`${number} ${name} does what is reviewed here`, async () => {
      const before = sandbox.log().length
      const state = sandbox.state()
      const flags = flagsFor(number)
      const outcome = await workshop.runAlone(sandbox, number, flags)
      expect(outcome.code, outcome.output).toBe(0)
      expectNoSecrets(outcome.output)
      const changes = sandbox.log(before)
      for (const change of changes) expectSaid(plan, change)
      const parts = {
        ...Object.fromEntries(
          ['cp-1', 'worker-1', 'API'].map((on) => [
            on,
            renderChanges(changes, on),
          ]),
        ),
        'state folder': renderState(state, sandbox.state()),
      }
      const report = Object.entries(parts)
        .filter(([, text]) => text !== 'nothing')
        .map(([on, text]) => `== ${on}\n\n${text}\n`)
      await expect(report.join('\n') || 'nothing\n').toMatchFileSnapshot(
        snapshot(`${number}-${name}.txt`),
      )
    })

    test(`${number} ${name} is done when the disks have all of it`, () => {
      const lost = Object.values(sandbox.world().machines).flatMap(
        ({ name, files, flushed }) =>
          Object.entries(files)
            .filter(([, { time }]) => time > flushed)
            .map(([path]) => `${name} ${path}`),
      )
      expect(lost).toEqual([])
    })

    test(`${number} ${name} has nothing to do a second time`, async () => {
      const before = everything(sandbox)
      const flags = flagsFor(number)
      const outcome = await workshop.run(sandbox, number, flags)
      expect(outcome.code, outcome.output).toBe(0)
      expect(outcome.output).toContain('  no changes, ')
      expect(everything(sandbox)).toEqual(before)
    })
  }

  test('a plan for a cluster that stands has no changes', async () => {
    for (const { number } of building) {
      const { output } = await workshop.run(sandbox, number, ['--plan'])
      expect(output).toContain('  0 changes to make')
    }
  })

  test('the plan of a new cluster reads like this', async () => {
    const fresh = workshop.sandbox('cluster.yaml')
    await workshop.build(fresh, '01', '04')
    const { output } = await workshop.run(fresh, '05', ['--plan'])
    const seconds = / {2}[\d.]+ s$/gm
    const masked = mask(output).replace(seconds, '').replace(/ +$/gm, '')
    // Machines are planned at once, and printed in the order they are done.
    const [title] = masked.split('\n')
    const own = masked.match(/^ {2}cp-1:\n( {4}.*\n)+/gm) ?? []
    await expect(`${title}\n${own.join('')}`).toMatchFileSnapshot(
      snapshot('05-etcd.plan.txt'),
    )
  })

  function expectNoSecrets(output: string) {
    expect(output).not.toContain('PRIVATE KEY')
    // A join token.
    expect(output).not.toMatch(/\b[a-z0-9]{6}\.[a-z0-9]{16}\b/)
    for (const secret of secretsIn(sandbox.state())) {
      expect(output).not.toContain(secret)
    }
  }
})

// What is to be done was said, except what depends on how it goes.
function expectSaid(plan: string, { on, text }: Change) {
  const [said = ''] = text.replace('import image', 'image').split('\n')
  const [verb = '', what = ''] = said.split(/ |, /)
  const isLater =
    (on === 'API' && /Secret|CertificateSigningRequest|Node/.test(text)) ||
    (verb === 'remove' && what.endsWith('/bootstrap.kubeconfig'))
  if (isLater) return
  const wanted = {
    write: [`create ${what}`, `change ${what}`],
    apply: [`create /api`, `change /api`],
    $: [said],
  }[verb] ?? [`${verb} ${what}`]
  const inPlan = wanted.some((one) => plan.includes(one))
  expect(inPlan, `the plan does not say: ${on}: ${said}\n${plan}`).toBe(true)
}

function snapshot(name: string): string {
  return join(import.meta.dirname, '__snapshots__', name)
}
