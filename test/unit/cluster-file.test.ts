import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { ClusterFileError, loadCluster } from '../../lib/cluster.ts'
import { renderError } from '../../lib/errors.ts'
import { random, smallest, write } from './cluster-samples.ts'

const root = resolve(import.meta.dirname, '..', '..')
const folder = join(root, 'test', 'bad-input')

/** The mistakes in a file; empty when it is right. Anything else is a bug. */
function refusal(file: string): ClusterFileError | undefined {
  try {
    loadCluster(file)
    return undefined
  } catch (error) {
    if (error instanceof ClusterFileError) return error
    throw error
  }
}

/** What a file of test/bad-input says about itself, or its .txt for it. */
function expected(file: string): string[] {
  const text = readFileSync(file, 'utf8')
  const inside = [...text.matchAll(/^# expect: (.*)$/gm)].map(
    ([, line]) => line,
  )
  const lines = inside.length
    ? inside
    : readFileSync(file.replace(/yaml$/, 'txt'), 'utf8').trimEnd().split('\n')
  return lines.map((line) => `test/bad-input/${basename(file)}:${line}`)
}

describe('a broken cluster file', () => {
  const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'))

  it('is known in many kinds', () => {
    expect(files.length).toBeGreaterThan(100)
  })

  it.each(files)('is refused with every mistake and its place: %s', (name) => {
    const file = join(folder, name)
    expect(refusal(file)?.message.split('\n')).toEqual(expected(file))
  })

  it.each(files)('is explained in words, never with a stack: %s', (name) => {
    const said = renderError(refusal(join(folder, name)))
    expect(said).not.toMatch(/\n\s+at |Invalid input|undefined|\[object/)
    expect(said).toContain('nothing was changed')
  })
})

describe('a cluster file from another system', () => {
  it('is read the same with a byte order mark and Windows line ends', () => {
    const text = stringify(smallest())
    const foreign = `\ufeff${text.replaceAll('\n', '\r\n')}`
    expect(loadCluster(write(foreign)).machines).toEqual(
      loadCluster(write(text)).machines,
    )
    const broken = foreign.replace('10.10.0.11', '10.10.0.300')
    expect(refusal(write(broken))?.message).toContain(
      ':4:14: machines[0].address: found "10.10.0.300"',
    )
  })
})

describe('a cluster file that a parser chokes on', () => {
  it.each([
    ['brackets', '['.repeat(20_000)],
    ['mappings', '{ a: '.repeat(20_000)],
    ['lists', '- '.repeat(5000)],
    ['levels', `overrides: ${'[ '.repeat(40)}${'] '.repeat(40)}`],
  ])('is refused when it is nested without end: %s', (_what, text) => {
    expect(refusal(write(text))?.mistakes[0]).toMatchObject({
      line: 1,
      found: 'values nested more than 32 deep',
    })
  })
})

describe('a cluster file that is no file', () => {
  const message = (file: string) => refusal(file)?.message

  it('is refused when it is missing', () => {
    expect(message('/nowhere/cluster.yaml')).toBe(
      '/nowhere/cluster.yaml: found no such file, ' +
        'allowed: a YAML file; see cluster.yaml for one',
    )
    expect(message(join(root, 'cluster.yaml', 'x'))).toContain('no such file')
  })

  it('is refused when it is a folder', () => {
    expect(message(folder)).toContain('test/bad-input: found a folder')
  })

  it('is refused when it is a device, which might never end', () => {
    expect(message('/dev/zero')).toContain('found something that is no regular')
  })

  it('is refused when it is far too long', () => {
    const comments = `# ${'x'.repeat(2 ** 20)}\n`
    expect(message(write(comments))).toMatch(/found a file of \d+ bytes/)
  })
})

describe('the message about a cluster file', () => {
  it('names the file from where the command runs, when it lies below', () => {
    const here = process.cwd()
    const elsewhere = mkdtempSync(join(tmpdir(), 'elsewhere-'))
    const file = write('name: x')
    process.chdir(elsewhere)
    expect(refusal(file)?.message).toMatch(`${file}:1:1: machines: found`)
    process.chdir(here)
    rmSync(elsewhere, { recursive: true })
  })

  it('is sorted by place and carries the parts of each mistake', () => {
    const mistakes = refusal(join(folder, 'many-at-once.yaml'))?.mistakes ?? []
    const lines = mistakes.map(({ line }) => line)
    expect(lines).toEqual(lines.toSorted((one, other) => one - other))
    expect(mistakes[1]).toEqual({
      line: 13,
      column: 28,
      path: 'machines[0].address',
      found: '"10.10.0.300"',
      allowed: 'an IPv4 address such as 10.10.0.11',
    })
  })

  it('stays readable when a thousand lines are wrong', () => {
    const machines = Array.from({ length: 1000 }, (_, n) => ({ name: `_${n}` }))
    const error = refusal(write(smallest({ machines })))
    expect(error?.mistakes.length).toBeGreaterThan(1000)
    expect(error?.message.split('\n').length).toBeLessThan(100)
    expect(error?.message).toMatch(/and \d+ more mistakes$/)
  })
})

describe('a cluster file with random damage', () => {
  const original = readFileSync(join(root, 'cluster.yaml'), 'utf8')
  const pieces = [
    ...['\t', ' ', '\n', ':', ': ', '- ', '[', ']', '{', '}', '"', "'", '#'],
    ...['&a ', '*a', '!!x ', '|', '>', '? ', '%', '@', '---\n', '...\n', '\0'],
    ...['null', '~', 'true', '-1', '1e400', '.nan', '0x1f', '\u2028', '\ud83d'],
    ...[
      '10.10.0.0/24',
      '10.10.0.11',
      'cp-1',
      'worker',
      '/33',
      '__proto__: 1\n',
    ],
    ...['constructor: 1\n', 'toString: {}\n', 'overrides: {worker: }\n'],
  ]

  /** Cuts, doubles, moves or adds a few pieces. */
  function damaged(seed: number): string {
    const next = random(seed)
    const upTo = (most: number) => Math.floor(next() * most)
    let text = original.replaceAll(/^ *#.*\n/gm, '')
    for (let round = 0; round <= upTo(4); round += 1) {
      const at = upTo(text.length)
      const end = at + upTo(upTo(5) ? 8 : 200)
      const changes = [
        () => text.slice(0, at) + text.slice(end),
        () => text.slice(0, end) + text.slice(at),
        () => text.slice(0, at) + pieces[upTo(pieces.length)] + text.slice(at),
        () => text.slice(0, at) + pieces[upTo(pieces.length)] + text.slice(end),
        () => text.slice(end) + text.slice(at, end) + text.slice(0, at),
      ]
      text = (changes[upTo(changes.length)] ?? String)()
    }
    return text
  }

  it('is read or refused, never a crash, in 500 cases', () => {
    let refused = 0
    for (let seed = 1; seed <= 500; seed += 1) {
      const text = damaged(seed)
      const error = refusal(write(text))
      if (!error) continue
      refused += 1
      const said = `seed ${seed}: ${error.message}`
      expect(error.mistakes.length, said).toBeGreaterThan(0)
      expect(said).not.toMatch(/Invalid input|undefined|\[object|NaN:/)
      const last = text.split(/\r?\n/).length
      for (const { line, column } of error.mistakes) {
        expect(line, said).toBeGreaterThan(0)
        expect(line, said).toBeLessThanOrEqual(last)
        expect(column, said).toBeGreaterThan(0)
      }
    }
    // Otherwise the damage would prove nothing.
    expect(refused).toBeGreaterThan(400)
  })
})
