import { rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { kept } from '../../lib/kept.ts'
import { openWorkshop, type Sandbox } from '../fake/sandbox.ts'

// A state folder that has lost a part. Nothing may take the place of what
// cannot be made twice, here or on a machine.

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })
const workshop = openWorkshop()
afterAll(() => workshop.close())

let built: Sandbox
beforeAll(async () => {
  built = workshop.sandbox('cluster.yaml')
  await workshop.build(built, '01', '07')
})

function without(...names: string[]): Sandbox {
  const sandbox = built.copy()
  const folder = `${sandbox.folder}/state/kubernetes-from-scratch/scratch`
  for (const name of names) rmSync(`${folder}/${name}`)
  return sandbox
}

const essential = ({ world, state }: Sandbox) => ({
  log: world().log,
  state: state(),
})

const isKey = (name: string) => name.endsWith('/ca.key')

describe('what cannot be made twice', () => {
  test('is all that the steps make by chance, but for leaves', () => {
    const made = Object.keys(built.state()).filter((name) =>
      /\/ca\.|service-account\.key|encryption/.test(name),
    )
    expect(Object.keys(kept).sort()).toEqual(made.sort())
  })

  test('is on every control plane where its entry says so', () => {
    const { machines } = built.world()
    const copies = Object.entries(kept).filter(([, { copy }]) => copy)
    expect(copies.map(([name]) => name)).toContain('encryption.yaml')
    for (const [name, { copy }] of copies) {
      for (const address of ['10.10.0.11', '10.10.0.12', '10.10.0.13']) {
        const file = machines[address]?.files[copy?.path ?? '']
        expect(file?.content, name).toBe(built.state()[name])
      }
    }
  })

  test.each(Object.keys(kept).filter((name) => !isKey(name)))(
    'is asked for, and nothing is changed, without %s',
    async (name) => {
      const sandbox = without(name)
      const before = essential(sandbox)
      for (const number of ['03', '04', '06']) {
        const needs = name.startsWith('pki/') ? number !== '04' : number > '03'
        if (!needs) continue
        const { code, output } = await workshop.run(sandbox, number)
        expect(code, output).toBe(1)
        expect(output).toContain(`/${name} is missing`)
        expect(output).toContain('from a backup of ')
        expect(essential(sandbox)).toEqual(before)
      }
    },
  )

  test('is not missed by the step that makes it, when it is a key that is kept elsewhere', async () => {
    const sandbox = without(...Object.keys(kept).filter(isKey))
    const before = essential(sandbox)
    for (const number of ['03', '04', '05', '06']) {
      await workshop.build(sandbox, number, number)
    }
    expect(essential(sandbox)).toEqual(before)
    const { code, output } = await workshop.run(sandbox, '07')
    expect(code, output).toBe(1)
    expect(output).toContain('/pki/cluster/ca.key is missing')
    expect(output).toContain('/etc/kubernetes/controllers/ca.key')
  })

  test('is asked for by name when a machine is added', async () => {
    const sandbox = without('pki/cluster/ca.key')
    sandbox.edit(({ machines }) =>
      machines.push({
        ...{ name: 'worker-3', address: '10.10.0.23', roles: ['worker'] },
      }),
    )
    await workshop.build(sandbox, '01', '02')
    const { code, output } = await workshop.run(sandbox, '03')
    expect(code).toBe(1)
    expect(output).toContain('sign pki/cluster/kubelet-worker-3.crt: that one')
    expect(sandbox.state()['pki/cluster/ca.key']).toBeUndefined()
  })

  test('can be taken back with all the rest, although it is lost', async () => {
    const sandbox = without('pki/cluster/ca.crt', 'encryption.yaml')
    const flags = ['--undo', '--cascade', '--forget']
    const { code, output } = await workshop.runAlone(sandbox, '03', flags)
    expect(code, output).toBe(0)
    const left = Object.keys(sandbox.state()).filter((it) => it !== 'lock')
    expect(left).toEqual(['identity', 'steps.json'])
    await workshop.build(sandbox, '03', '07')
  })
})
