import { createHash } from 'node:crypto'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { sh } from '../../lib/shell.ts'
import type { Transport } from '../../lib/transport.ts'
import { sharedSshd } from './session.ts'
import { missing } from './sshd.ts'

describe.skipIf(missing)('a script on a machine', () => {
  const shared = sharedSshd()
  let transport: Transport
  const run = (script: string) => transport.run(script)
  const file = (name: string) => join(shared.sshd.folder, name)

  beforeAll(async () => {
    transport = await shared.open()
  })

  test('gives its output, its errors and its exit code, each apart', async () => {
    expect(await run('echo out; echo err >&2; exit 7')).toEqual({
      code: 7,
      stdout: 'out\n',
      stderr: 'err\n',
    })
  })

  test('runs as root', async () => {
    const script = '[ "$(id -u)" = 0 ] || [ "$(type -t sudo)" = file ]'
    expect((await run(script)).code).toBe(0)
  })

  test.each([
    ['a failing command', 'echo 1; false; echo 2', '1\n'],
    ['a failure at the head of a pipe', 'echo 1; false | cat; echo 2', '1\n'],
    ['a variable without a value', 'echo 1; echo "$nothing"; echo 2', '1\n'],
    ['a failure in a function', 'f() { false; echo 2; }; f; echo 3', ''],
    ['a failure in a substitution', 'echo 1; x=$(false); echo 3', '1\n'],
  ])('ends at %s, also in its middle', async (_, script, printed) => {
    const { code, stdout } = await run(script)
    expect(code).not.toBe(0)
    expect(stdout).toBe(printed)
  })

  test('cannot eat the next script by reading stdin', async () => {
    const both = await Promise.all([
      run('cat; read -r line || echo nothing to read; head -c 1'),
      run('echo the next'),
    ])
    expect(both.map(({ stdout }) => stdout)).toEqual([
      'nothing to read\n',
      'the next\n',
    ])
  })

  test.each([
    ['an unknown construct', 'fi'],
    ['an open quote', 'echo "'],
    ['an open group', 'if true; then'],
    ['a closing bracket too many', ')'],
  ])('with %s runs no line of it, and the session goes on', async (_, text) => {
    const witness = file('witness')
    const wrong = await run(`touch ${witness}\n${text}\ntouch ${witness}`)
    expect(wrong.code).not.toBe(0)
    expect(wrong.stderr).toMatch(/syntax error|unexpected/)
    expect(existsSync(witness)).toBe(false)
    expect(await run('echo on')).toMatchObject({ code: 0, stdout: 'on\n' })
  })

  test('with a closing brace too many fails, and the session goes on', async () => {
    expect((await run('echo 1\n}\necho 2')).code).not.toBe(0)
    expect(await run('echo on')).toMatchObject({ code: 0, stdout: 'on\n' })
  })

  test.each([
    ['nothing at all', ''],
    ['a comment', '# nothing'],
    ['empty lines', '\n\n'],
  ])('of %s succeeds and prints nothing', async (_, script) => {
    expect(await run(script)).toEqual({ code: 0, stdout: '', stderr: '' })
  })

  test('may end in a comment or in a document', async () => {
    expect((await run('echo a # b')).stdout).toBe('a\n')
    expect((await run("cat <<'E'\n$a\nE")).stdout).toBe('$a\n')
  })

  test('leaves no folder, variable or option to the next one', async () => {
    await run('cd /; kept=yes; set +e; exec 3>&1; umask 0')
    const { stdout } = await run(
      'pwd; echo "${kept-gone}"; umask; false; echo unreached',
    )
    expect(stdout).not.toMatch(/^\/\n/)
    expect(stdout).toMatch(/gone\n0022\n$|gone\n00[0-7]{2}\n$/)
  })

  test('that ends its own shell ends alone', async () => {
    expect((await run('exec false')).code).toBe(1)
    expect((await run('exec echo replaced')).stdout).toBe('replaced\n')
    expect((await run('trap "echo bye" EXIT; exit 4')).stdout).toBe('bye\n')
  })

  test('may print a megabyte, on both channels at once', async () => {
    const bytes = 1_000_000
    const { stdout, stderr } = await run(`
      head -c ${bytes} /dev/zero | tr '\\0' e >&2 &
      seq 1000000 | head -c ${bytes} || true
      wait`)
    expect(stdout.length).toBe(bytes)
    expect(stderr).toBe('e'.repeat(bytes))
    const expected = Array.from({ length: 200_000 }, (_, i) => `${i + 1}\n`)
      .join('')
      .slice(0, bytes)
    expect(sum(stdout)).toBe(sum(expected))
  })

  test('may itself be long', async () => {
    const text = 'ü'.repeat(100_000)
    const { stdout } = await run(sh`printf %s ${text} | sha256sum`.script)
    expect(stdout).toBe(`${sum(text)}  -\n`)
  })

  test('may end its output without a newline', async () => {
    expect((await run('printf "a\\nb"; printf e >&2')).stdout).toBe('a\nb')
    expect((await run('printf " "')).stdout).toBe(' ')
  })

  test('may print what is not plain text', async () => {
    const odd = 'größe ✓ 🚀 \u0001\u001b[31m\r\t\u007f end-0 begin-\\'
    expect((await run(sh`printf %s ${odd}`.script)).stdout).toBe(odd)
    const characters = '✓'.repeat(100_000)
    const { stdout } = await run(`yes ✓ | head -n 100000 | tr -d '\\n'`)
    expect(stdout === characters).toBe(true)
  })

  test('leaves a process behind without waiting for it', async () => {
    const { stdout } = await run('sleep 600 & echo $!')
    expect((await run(`kill ${stdout}`)).code).toBe(0)
  })

  test('prints nothing of what an earlier one left behind', async () => {
    const late = file('late')
    await run(`( sleep 0.1; echo late; echo late >&2; touch ${late} ) &`)
    while (!existsSync(late)) await run('sleep 0.1; true')
    expect(await run('true')).toEqual({ code: 0, stdout: '', stderr: '' })
  })

  test('speaks English, whatever the machine speaks', async () => {
    expect((await run('echo $LC_ALL')).stdout).toBe('C\n')
  })

  test('waits for those before it, and each gets its own output', async () => {
    const numbers = Array.from({ length: 30 }, (_, index) => index)
    const log = file('order')
    const outcomes = await Promise.all(
      numbers.map((number) =>
        run(`echo ${number} >> ${log}; echo ${number}; exit ${number % 3}`),
      ),
    )
    expect(outcomes).toEqual(
      numbers.map((number) => ({
        code: number % 3,
        stdout: `${number}\n`,
        stderr: '',
      })),
    )
    expect((await run(`cat ${log}`)).stdout).toBe(`${numbers.join('\n')}\n`)
  })

  test('is told apart from a greeting at login', async () => {
    const greeting = join(shared.sshd.home, '.bashrc')
    writeFileSync(greeting, 'echo welcome; echo to the machine >&2\n')
    const greeted = await shared.open()
    rmSync(greeting)
    expect(await greeted.run('echo mine; echo too >&2')).toEqual({
      code: 0,
      stdout: 'mine\n',
      stderr: 'too\n',
    })
  })
})

describe.skipIf(missing)('a user who is not root', () => {
  const shared = sharedSshd({
    programs: {
      id: 'echo 1000',
      sudo: '[ "$1" = -n ] || exit 1; shift; export BY_SUDO=yes; exec "$@"',
    },
  })

  test('becomes root by sudo, without a password', async () => {
    const { run } = await shared.open().then((it) => ({ run: it.run.bind(it) }))
    expect((await run('echo $BY_SUDO; false; echo no')).stdout).toBe('yes\n')
  })

  test('uploads by sudo, too', async () => {
    const transport = await shared.open()
    const from = join(shared.sshd.folder, 'from')
    const to = join(shared.sshd.folder, 'to')
    writeFileSync(from, 'content')
    writeFileSync(to, 'older, and open to the user')
    await transport.upload(from, to)
    const { stdout } = await transport.run(`stat -c %a ${to}; cat ${to}`)
    expect(stdout).toBe('600\ncontent')
  })
})

function sum(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
