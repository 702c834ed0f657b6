import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Cluster } from '../../lib/cluster.ts'
import { renderError } from '../../lib/errors.ts'
import { openState } from '../../lib/state.ts'

let parent: string
let directory: string
const umask = process.umask()

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'kfs-state-'))
  directory = join(parent, 'made', 'sample')
  process.umask(0)
})

afterEach(() => {
  process.umask(umask)
  rmSync(parent, { recursive: true })
})

const open = (name = 'sample', create?: boolean) =>
  openState({ name, directory, file: '/some/cluster.yaml' } as Cluster, create)
const modeOf = (path: string) => statSync(path).mode & 0o777

function reasonOf(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    return renderError(error)
  }
  throw new Error('it should have failed')
}

test('folders and files are for their owner alone, whatever the umask', () => {
  const state = open()
  state.write('pki/ca.key', 'secret')
  expect(modeOf(join(parent, 'made'))).toBe(0o700)
  expect(modeOf(directory)).toBe(0o700)
  expect(modeOf(join(directory, 'pki'))).toBe(0o700)
  expect(modeOf(join(directory, 'pki', 'ca.key'))).toBe(0o600)
  expect(modeOf(join(directory, 'identity'))).toBe(0o600)
})

test('a folder that was open to others, as after a copy, is closed', () => {
  mkdirSync(directory, { recursive: true, mode: 0o755 })
  chmodSync(directory, 0o755)
  open()
  expect(modeOf(directory)).toBe(0o700)
})

test('the identity is the name and a part by chance, and stays', () => {
  const { identity } = open()
  expect(identity).toMatch(/^sample [0-9a-f-]{36}$/)
  expect(open().identity).toBe(identity)
  rmSync(directory, { recursive: true })
  expect(open().identity).not.toBe(identity)
})

test('an identity that was lost in a power cut is made anew', () => {
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, 'identity'), '')
  expect(open().identity).toMatch(/^sample [0-9a-f-]{36}$/)
})

test('a plan leaves no trace', () => {
  const state = open('sample', false)
  expect(state.identity).toMatch(/^sample /)
  expect(state.read('identity')).toBeUndefined()
  expect(state.steps()).toEqual({})
  expect(existsSync(join(parent, 'made'))).toBe(false)
})

test('the folder of another cluster is refused, and stays as it is', () => {
  const { identity } = open('sample')
  const reason = reasonOf(() => open('other'))
  expect(reason).toContain(
    `The state folder ${directory} belongs to the cluster sample, not to other`,
  )
  expect(reason).toContain('correct `name` in /some/cluster.yaml')
  expect(open('sample').identity).toBe(identity)
})

test('a name that only begins with the name of another is another', () => {
  open('sample')
  expect(reasonOf(() => open('sam'))).toContain('belongs to the cluster sample')
})

test('what was written is read, replaced and removed', () => {
  const state = open()
  expect(state.read('a/file')).toBeUndefined()
  state.write('a/file', 'größe\n')
  state.write('a/file', 'new')
  expect(state.read('a/file')).toBe('new')
  expect(readdirSync(join(directory, 'a'))).toEqual(['file'])
  state.remove('a')
  state.remove('a')
  expect(state.read('a/file')).toBeUndefined()
})

test('what is removed goes with what a killed run left beside it', () => {
  const state = open()
  state.write('encryption.yaml.new', 'half a secr')
  state.remove('encryption.yaml')
  expect(state.read('encryption.yaml.new')).toBeUndefined()
})

test('a step is remembered until it is undone', () => {
  const state = open()
  state.recordStep('05', { status: 'started', machines: ['cp-1'] })
  state.recordStep('06', { status: 'applied', machines: ['cp-1', 'cp-2'] })
  state.recordStep('05', { status: 'applied', machines: ['cp-1'] })
  expect(open().steps()).toEqual({
    '05': { status: 'applied', machines: ['cp-1'] },
    '06': { status: 'applied', machines: ['cp-1', 'cp-2'] },
  })
  state.recordStep('05', undefined)
  expect(Object.keys(open().steps())).toEqual(['06'])
})

test('a record of steps that is broken is told, and not overwritten', () => {
  const state = open()
  state.write('steps.json', '{"05": ')
  const file = join(directory, 'steps.json')
  const record = { status: 'applied', machines: [] } as const
  const reason = reasonOf(() =>
    state.recordStep('06', { ...record, machines: [] }),
  )
  expect(reason).toContain(`${file} says which steps were applied`)
  expect(reason).toContain(`rm ${file}`)
  expect(readFileSync(file, 'utf8')).toBe('{"05": ')
})
