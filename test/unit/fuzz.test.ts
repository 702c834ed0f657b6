import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { stepFiles } from '../../lib/steps.ts'
import { type Chance, chance, fuzzing } from '../fake/chance.ts'
import { invented, mutated } from '../fake/mutate.ts'
import { openTypist, repository, type Typist } from '../fake/typing.ts'

// Whatever a file or a command line holds: it is refused in words, or it is
// right. Never a stack trace, never a command that does not end.

const mostMilliseconds = 20_000
vi.setConfig({ testTimeout: 600_000 })

let typist: Typist
let folder: string
beforeAll(() => {
  typist = openTypist()
  folder = mkdtempSync(join(tmpdir(), 'kfs-fuzz-'))
})
afterAll(() => {
  typist.close()
  rmSync(folder, { recursive: true })
})

const read = (path: string) => readFileSync(join(repository, path), 'utf8')

async function expectWords(
  run: string,
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  input: string,
) {
  let timer: NodeJS.Timeout | undefined
  const tooLong = new Promise<never>((_, reject) => {
    const hangs = () => reject(new Error(`${run} hangs with ${input}`))
    timer = setTimeout(hangs, mostMilliseconds)
  })
  const said = await Promise.race([typist.type(run, argv, env), tooLong])
  clearTimeout(timer)
  const about = `${input}\n${said.output.slice(0, 2000)}`
  expect(said.output, about).not.toMatch(/^\s+at .*:\d+|^escaped:/m)
  expect(said.output.trim(), about).not.toBe('')
  // Control characters move the cursor of a terminal, or hide what it shows.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is about them
  expect(said.output, about).not.toMatch(/[\0-\x08\x0b-\x1f\x7f]/)
  return said
}

test('a cluster file that was changed by chance is refused in words', async () => {
  const { seed, runs } = fuzzing(900)
  const by = chance(seed)
  const originals = ['cluster.yaml', 'single.yaml', 'test/bad-flags/own.yaml']
  const texts = originals.map(read)
  const file = join(folder, 'cluster.yaml')
  let accepted = 0
  for (let run = 0; run < runs; run++) {
    const text = run % 3 ? mutated(by.pick(texts), by) : invented(by)
    writeFileSync(file, text)
    const input = `seed ${seed}, run ${run}: ${JSON.stringify(text)}`
    const argv = ['--cluster', file]
    const said = await expectWords('commands/kubeconfig.ts', argv, {}, input)
    // One that is right has no kubeconfig yet.
    const isRight = said.output.includes('has no kubeconfig')
    if (isRight) accepted++
    else expect(said.output, input).toContain('nothing was changed')
    expect(said.code, input).toBe(1)
  }
  expect(typist.written()).toEqual([])
  // Else the changes are so wild that only the parser is tried.
  expect(accepted).toBeGreaterThan(runs / 50)
  expect(accepted).toBeLessThan(runs / 2)
})

const words: readonly string[] = [
  ...['--plan', '--verify', '--undo', '--drill', '--cascade', '--forget'],
  ...[
    '--no-verify',
    '--verbose',
    '--yes',
    '--json',
    '--from',
    '--to',
    '--arch',
  ],
  ...[
    '--only',
    '--out',
    '--cluster',
    '--cluster=',
    '--from=05',
    '--to=99',
    '-f',
  ],
  ...[
    '--from=',
    '-',
    '--',
    '---',
    '-x',
    '--=',
    '--plan=',
    '-h=1',
    '--no-',
    '—',
  ],
  ...[
    '--__proto__',
    '--toString',
    '--constructor=1',
    '05',
    'up',
    'status',
    'ssh',
  ],
  ...[
    'stop',
    'nobody',
    '',
    ' ',
    '\n',
    '\t',
    '\u001b[2J',
    '--\u0007',
    '$(touch owned)',
  ],
  ...[
    '`touch owned`',
    '; touch owned',
    '🚀',
    '--größe',
    '%s',
    'x'.repeat(5000),
  ],
  ...[
    '1e9',
    'NaN',
    '-1',
    '00',
    '0x5',
    '../..',
    '/nonexistent',
    '--cluster=/dev/null/x',
  ],
]

test('a command line that was made by chance is refused in words', async () => {
  const { seed, runs } = fuzzing(1500)
  const by = chance(seed)
  // All but the one that writes the schema, which takes no words.
  const names = [
    ...['up', 'down', 'steps', 'kubeconfig', 'kubectl', 'artifacts'],
    ...['docs-record', 'bench'],
  ]
  const commands = [
    ...names.map((name) => `commands/${name}.ts`),
    'lab/lab.ts',
    ...stepFiles().map(({ file }) => `steps/${file.split('/').at(-1)}`),
  ]
  // What is right ends there: no cluster is ever found.
  const env = { CLUSTER: '/nonexistent/cluster.yaml' }
  const before = readdirSync(repository)
  for (let run = 0; run < runs; run++) {
    const command = by.pick(commands)
    // The benchmark needs no cluster file, and must never begin here.
    const wrong = command.endsWith('bench.ts') ? ['--parts=none'] : []
    const argv = [...wrong, ...lineOf(by)]
    const input = `seed ${seed}, run ${run}: ${command} ${JSON.stringify(argv)}`
    const said = await expectWords(command, argv, env, input)
    expect(said.code, input).toBe(1)
  }
  expect(typist.written()).toEqual([])
  expect(readdirSync(repository)).toEqual(before)
})

function lineOf(by: Chance): string[] {
  return Array.from({ length: by.below(6) }, () => by.pick(words))
}
