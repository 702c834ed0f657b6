import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execaSync } from 'execa'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clusterFlag, npmRun } from '../../commands/shared/arguments.ts'
import { diskScript } from '../../lab/disk-image.ts'
import { joinCgroup } from '../../lab/root-command.ts'
import { hostOver } from '../../lib/host.ts'
import { quote, sh, withInput } from '../../lib/shell.ts'
import { repository } from '../fake/typing.ts'
import { hostileTexts, randomTexts } from '../transport/hostile.ts'

// Names and paths that want to be code, in every place that makes a command
// of them, run in a real bash: what comes out is what went in, and the canary
// is never made.

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kfs-hostile-'))
  // What is run in the place of a program tells its arguments and its input.
  for (const name of ['npm', 'ssh', 'rm', 'mv', 'mke2fs']) {
    const file = join(folder, name)
    writeFileSync(file, '#!/bin/sh\nprintf "%s\\0" "$@" > args\ncat > input\n')
    chmodSync(file, 0o755)
  }
})
afterAll(() => rmSync(folder, { recursive: true }))

const canary = () => join(folder, 'owned')
const attacks = (random = 150) => [
  ...hostileTexts.map((text) => text.replaceAll('/tmp/kfs-owned', canary())),
  `END\ntouch ${canary()}\n`,
  `END\nEND_\ntouch ${canary()}`,
  `-oProxyCommand=touch ${canary()}`,
  `x\n$(touch ${canary()})\n\`touch ${canary()}\``,
  ...randomTexts(random),
]

/**
 * Runs bash; gives the arguments and the input of the program in it. Input
 * comes from a socket, which bash takes for a remote login: without `--norc` it
 * would run the .bashrc of whoever runs the tests, with our programs in PATH.
 */
function bash(script: string) {
  execaSync('bash', ['--norc', '-c', script], {
    ...{ cwd: folder, input: '' },
    env: { PATH: `${folder}:${process.env.PATH}` },
  })
  expect(existsSync(canary()), script).toBe(false)
  const read = (name: string) => readFileSync(join(folder, name), 'utf8')
  return { args: read('args').split('\0').slice(0, -1), input: read('input') }
}

describe('a text that wants to be code', () => {
  test('is one word where a script has it, alone, joined, in a list', () => {
    for (const text of attacks()) {
      const { script } = sh`npm ${text} a=${text} ${[text, text]}`
      const wanted = [text, `a=${text}`, text, text]
      expect(bash(script).args).toEqual(wanted)
    }
  })

  test('is one word through two shells, as ssh and sudo have it', () => {
    for (const text of attacks()) {
      const inner = `npm ${quote(text)}`
      expect(bash(`exec sh -c ${quote(inner)}`).args).toEqual([text])
    }
  })

  test('does not end what a pasted command reads, and runs nothing', () => {
    for (const text of attacks()) {
      const { args, input } = bash(withInput(`ssh ${quote(text)}`, text))
      expect(args).toEqual([text])
      expect(input).toBe(`${text}\n`)
    }
  })

  test('is the file of a command that a reader is told to paste', () => {
    for (const cluster of attacks()) {
      if (cluster === '') continue
      const flag = clusterFlag({ cluster })
      const { args } = bash(npmRun('steps', ['--from 05', flag]))
      expect(args.slice(-2)).toEqual(['--cluster', cluster])
    }
  })

  test('is a path that a machine removes, and no more than that', async () => {
    for (const text of attacks()) {
      let ran = ''
      const host = hostOver('cp-1', {
        run: async (script: string) => {
          ran = script
          return { code: 0, stdout: '', stderr: '' }
        },
        upload: async () => undefined,
        paste: () => '',
        close: () => undefined,
      } as never)
      await host.remove([`/nonexistent/${text}`])
      execaSync('bash', ['--norc', '-c', ran], { cwd: folder })
      await host.look(`/nonexistent/${text}`)
      execaSync('bash', ['--norc', '-c', ran], { cwd: folder })
      expect(existsSync(canary())).toBe(false)
    }
  })

  test('is a folder that a disk is made of, and no more than that', () => {
    for (const text of attacks(0)) {
      const { script } = diskScript(`/nonexistent/${text}`, folder)
      const { args } = bash(script)
      expect(args.at(-3)).toBe(`/nonexistent/${text}`)
    }
  })

  test('is the name of a control group, and no more than that', () => {
    for (const text of attacks()) {
      const group = `/nonexistent/${text}`
      const script = joinCgroup([group], sh`true`)
      execaSync('bash', ['--norc', '-c', script], {
        cwd: folder,
        reject: false,
      })
      expect(existsSync(canary())).toBe(false)
    }
  })
})

describe('shell in our code', () => {
  const sources = ['lib', 'lab', 'commands', 'steps'].flatMap((part) =>
    readdirSync(join(repository, part), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => `${part}/${path}`),
  )
  const lines = sources.flatMap((path) =>
    readFileSync(join(repository, path), 'utf8')
      .split('\n')
      .map((line) => ({ path, line: line.trim() }))
      .filter(({ line }) => !/^(\/\/|\*|\/\*)/.test(line)),
  )
  const where = (pattern: RegExp) =>
    [
      ...new Set(
        lines.filter(({ line }) => pattern.test(line)).map(({ path }) => path),
      ),
    ].sort()

  // Each of these was looked at, and quotes what it inserts. A new one is to
  // be written with sh`…` instead.
  test('is written by hand only where it was looked at', () => {
    expect(where(/\bscript: (isThere|[`'"]|\w+\.map|\w+ \+)/)).toEqual([
      'lib/host.ts',
      'lib/machine.ts',
      'lib/node-spec/prepare.ts',
      'lib/node-spec/survey.ts',
    ])
    // A text that is called script already needs no colon to become one.
    expect(where(/\{ ([^:}]+, )?script(, [^:}]+)? \}|^script,$/)).toEqual([
      'lab/base-system.ts',
      'lib/host.ts',
      'lib/node-spec/prepare.ts',
      'lib/node-spec/survey.ts',
    ])
    expect(where(/as Script\b/)).toEqual([])
  })

  test('is run by zx, which quotes as well, only where it was looked at', () => {
    expect(where(/(=|await|return|\(|\.) ?\$(\(\{.*\}\))?`/)).toEqual([
      'steps/smoke-test/kubectl.ts',
    ])
  })

  test('is given to a shell only where it was looked at', () => {
    expect(
      where(/\[?['"]-[a-z]{0,3}c['"],|shell: true|execaCommand|execSync\(/),
    ).toEqual([
      'commands/docs/type.ts',
      'commands/shared/bench-kubeadm.ts',
      'lab/base-system.ts',
      'lab/launch.ts',
      'lab/patience.ts',
      'lab/root-command.ts',
      'lib/artifacts/mutex.ts',
      'lib/steps.ts',
    ])
  })

  test('that a reader is to paste has quoted paths in it', () => {
    const bare =
      /\b(rm|rm -r|export \w+=|cat|--cluster) ?\$\{(?!quote\(|quoted|\w*[fF]lag|membershipFile)/
    const found = lines.filter(
      ({ path, line }) =>
        bare.test(line) && !line.includes('sh`') && path !== 'lib/ssh.ts',
    )
    const inScripts = [
      'lib/install.ts',
      'lib/host.ts',
      'lib/node-spec/',
      'commands/shared/bench-kubeadm.ts',
    ]
    expect(
      found.filter(({ path }) => !inScripts.some((it) => path.startsWith(it))),
    ).toEqual([])
  })
})
