import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { essenceOfState } from '../fake/essence.ts'
import { openWorkshop } from '../fake/sandbox.ts'

// What other tests compare has to see what they are there to see.

const workshop = openWorkshop()
afterAll(() => workshop.close())

describe('the essence of a state folder', () => {
  let state: Record<string, string>
  beforeAll(async () => {
    const sandbox = workshop.sandbox('single.yaml')
    await workshop.build(sandbox, '01', '04')
    state = sandbox.state()
  })

  const keys = () => Object.keys(state).filter((path) => path.endsWith('.key'))
  const essenceWith = (path: string, content: string | undefined) =>
    essenceOfState({ ...state, [path]: content ?? '' })[path]

  test('says of every key that it is that of its certificate', () => {
    const essence = essenceOfState(state)
    expect(keys().length).toBeGreaterThan(10)
    for (const path of keys()) expect(essence[path], path).toBe('its key')
    expect(essence['kubeconfig/admin.yaml']).toMatch(/its key$/)
  })

  test('is another one when a key is cut off, or that of another', () => {
    const other = state['pki/service-account.key']
    for (const path of keys()) {
      if (path === 'pki/service-account.key') continue
      const half = state[path]?.slice(0, 400)
      expect(essenceWith(path, half), path).toMatch(/^broken: /)
      expect(essenceWith(path, other), path).toBe('the key of something else')
    }
  })

  test('is another one when a kubeconfig or a secret is cut off', () => {
    const essence = essenceOfState(state)
    for (const path of ['kubeconfig/admin.yaml', 'encryption.yaml']) {
      const text = state[path] ?? ''
      expect(essenceWith(path, text.slice(0, -40)), path).not.toBe(
        essence[path],
      )
    }
  })
})
