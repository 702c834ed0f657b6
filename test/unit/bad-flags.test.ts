import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { stepFiles } from '../../lib/steps.ts'
import { masked, openTypist, repository } from '../fake/typing.ts'

// Each file is one command that somebody might type, and all that it says.

interface Case {
  run: string
  arguments: string[]
  environment?: Record<string, string>
  exit: number
  says: string
}

const folder = join(repository, 'test', 'bad-flags')
const cases = readdirSync(folder)
  .filter((name) => name.endsWith('.yaml') && !name.startsWith('own'))
  .map((name) => {
    const content = parse(readFileSync(join(folder, name), 'utf8')) as Case
    return { name: name.replace('.yaml', ''), ...content }
  })

const typist = openTypist()
afterAll(() => typist.close())

describe('a command that makes no sense', () => {
  test('is known in many kinds, of every command and every step', () => {
    expect(cases.length).toBeGreaterThan(200)
    const commands = readdirSync(join(repository, 'commands'))
      .filter((name) => name.endsWith('.ts') && name !== 'schema.ts')
      .map((name) => `commands/${name}`)
    const steps = stepFiles().map(
      ({ file }) => `steps/${file.split('/').at(-1)}`,
    )
    const tried = new Set(cases.map(({ run }) => run))
    expect([...tried].sort()).toEqual(
      [...commands, ...steps, 'lab/lab.ts'].sort(),
    )
  })

  test.each(cases)('is refused in words: $name', async (it) => {
    const here = readdirSync(repository).sort()
    const said = await typist.type(it.run, it.arguments, it.environment)
    expect(masked(said.output)).toBe(it.says.trimEnd())
    expect(said.code).toBe(it.exit)
    expect(said.code).not.toBe(0)
    expect(said.output).not.toMatch(/\n\s+at |undefined|\[object|escaped:/)
    expect(typist.written()).toEqual([])
    expect(readdirSync(repository).sort()).toEqual(here)
  })
})
