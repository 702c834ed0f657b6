import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { CommandError } from '../../lib/errors.ts'
import { type FileState, type Host, hostOver } from '../../lib/host.ts'
import { sh } from '../../lib/shell.ts'
import type { Transport } from '../../lib/transport.ts'
import { hostileTexts, randomTexts } from './hostile.ts'
import { failureOf, sharedSshd } from './session.ts'
import { missing } from './sshd.ts'

const isRoot = process.getuid?.() === 0

describe.skipIf(missing)('a machine', () => {
  const shared = sharedSshd()
  let transport: Transport
  let host: Host
  let folder: string
  let me: string
  let count = 0

  beforeAll(async () => {
    transport = await shared.open()
    host = hostOver('box', transport)
    me = await host.read(sh`echo "$(id -un):$(id -gn)"`)
  })

  beforeEach(() => {
    folder = join(shared.sshd.folder, `test ${count++}`)
    mkdirSync(folder)
  })

  const file = (content: string, mode = 0o644): FileState => ({
    content,
    mode,
    owner: me,
  })
  const look = (path: string) => {
    const { mode, ino, mtimeNs } = statSync(path, { bigint: true })
    const content = readFileSync(path, 'utf8')
    return { content, mode: Number(mode) & 0o7777, ino, mtimeNs }
  }

  describe('writes a file', () => {
    test('byte for byte, whatever is in it', async () => {
      const path = join(folder, 'file')
      for (const content of [...hostileTexts, ...randomTexts(5)]) {
        await host.write(path, file(content))
        expect(readFileSync(path, 'utf8')).toBe(content)
      }
    })

    test('and knows it again, whatever is in it', async () => {
      const path = join(folder, 'file')
      // All of them in one, and at its end no newline.
      const content = hostileTexts.join('\n')
      expect(await host.write(path, file(content))).toBe(true)
      expect(await host.look(path)).toEqual(file(content))
      expect(await host.write(path, file(content))).toBe(false)
    })

    test('of any name', async () => {
      const names = hostileTexts.filter((name) =>
        /^(?=.*['"$`\\*\n])[^/]{2,40}$/s.test(name),
      )
      expect(names.length).toBeGreaterThan(5)
      for (const name of names) {
        await host.write(join(folder, name), file(name))
        expect(readFileSync(join(folder, name), 'utf8')).toBe(name)
        expect(await host.remove([join(folder, name)])).toBe(true)
      }
      expect(readdirSync(folder)).toEqual([])
    })

    test('but none with a NUL, which bash cannot hold', async () => {
      const path = join(folder, 'file')
      expect(() => host.write(path, file('a\0b'))).toThrow('NUL')
      expect(readdirSync(folder)).toEqual([])
    })

    test('with the mode and the owner asked for', async () => {
      const path = join(folder, 'file')
      const modes = [0o600, 0o644, 0o755, 0o4755, 0o400]
      // What its owner may not read, root may.
      for (const mode of [...modes, ...(isRoot ? [0] : [])]) {
        expect(await host.write(path, file('a', mode))).toBe(true)
        expect(statSync(path).mode & 0o7777).toBe(mode)
        expect(await host.write(path, file('a', mode))).toBe(false)
      }
    })

    test.runIf(isRoot)('of another owner', async () => {
      const path = join(folder, 'file')
      const owner = 'nobody:root'
      expect(await host.write(path, { ...file('a'), owner })).toBe(true)
      expect(await host.look(path)).toEqual({ ...file('a'), owner })
      expect(await host.write(path, file('a'))).toBe(true)
      expect(statSync(path).uid).toBe(0)
    })

    test('not again when it is there already', async () => {
      const path = join(folder, 'file')
      expect(await host.write(path, file('a\n'))).toBe(true)
      const before = look(path)
      expect(await host.write(path, file('a\n'))).toBe(false)
      expect(look(path)).toEqual(before)
    })

    test('again when its content or its mode was changed', async () => {
      const path = join(folder, 'file')
      await host.write(path, file('a\n'))
      writeFileSync(path, 'b\n')
      expect(await host.write(path, file('a\n'))).toBe(true)
      chmodSync(path, 0o666)
      expect(await host.write(path, file('a\n'))).toBe(true)
      expect(look(path)).toMatchObject({ content: 'a\n', mode: 0o644 })
    })

    test('again when a power cut has put zeros into it', async () => {
      const path = join(folder, 'file')
      const whole = 'one\ntwo\n'
      for (const damaged of ['one\n\0\0\0\0', 'one\ntwo\n\0', '\0'.repeat(8)]) {
        writeFileSync(path, damaged)
        expect(await host.write(path, file(whole))).toBe(true)
        expect(readFileSync(path, 'utf8')).toBe(whole)
      }
    })

    test('into a folder that is not there yet', async () => {
      const path = join(folder, 'some', 'where', 'file')
      await host.write(path, file('a', 0o600))
      expect(readFileSync(path, 'utf8')).toBe('a')
      expect(statSync(join(folder, 'some')).mode & 0o777).toBe(0o755)
    })

    test('in place of a link, not where the link points', async () => {
      const [path, target] = [join(folder, 'link'), join(folder, 'target')]
      writeFileSync(target, 'a', { mode: 0o644 })
      symlinkSync(target, path)
      expect(await host.write(path, file('a'))).toBe(true)
      expect(lstatSync(path).isFile()).toBe(true)
      await host.write(path, file('b'))
      expect(readFileSync(target, 'utf8')).toBe('a')
    })

    test('through no link that lies where it is prepared', async () => {
      const [path, target] = [join(folder, 'file'), join(folder, 'target')]
      writeFileSync(target, 'precious')
      symlinkSync(target, `${path}.new`)
      await host.write(path, file('a'))
      expect(readFileSync(target, 'utf8')).toBe('precious')
      expect(readdirSync(folder).sort()).toEqual(['file', 'target'])
    })

    test('in one go: a reader sees the old or the new one', async () => {
      const path = join(folder, 'file')
      const contents = ['a', 'b'].map((letter) => letter.repeat(100_000))
      writeFileSync(path, contents[0] ?? '')
      let writing = true
      const seen = new Set<string>()
      const reading = (async () => {
        while (writing) {
          seen.add(readFileSync(path, 'utf8'))
          await new Promise(setImmediate)
        }
      })()
      for (const content of [...contents, ...contents]) {
        await host.write(path, file(content))
      }
      writing = false
      await reading
      expect([...seen].sort()).toEqual(contents)
    })

    test('or leaves a folder of that name alone', async () => {
      const path = join(folder, 'folder')
      mkdirSync(path)
      const { message } = await failureOf(host.write(path, file('a')))
      expect(message).toContain('cannot overwrite directory')
      expect(statSync(path).isDirectory()).toBe(true)
    })

    test('or fails without a word of what is in it', async () => {
      const path = join(folder, 'file', 'below a file')
      writeFileSync(join(folder, 'file'), '')
      const error = await failureOf(host.write(path, file('secret', 0o600)))
      expect(error).toBeInstanceOf(CommandError)
      expect(error.message).toContain('box: a command failed')
      expect(error.message).toContain(path)
      expect(error.message).not.toContain('secret')
    })

    test.runIf(isRoot)(
      'or keeps the old one when the disk is full',
      async () => {
        const path = join(folder, 'file')
        await execa('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', folder])
        try {
          await host.write(path, file('old'))
          const error = await failureOf(
            host.write(path, file('x'.repeat(99_000))),
          )
          expect(error).toMatchObject({
            next: [expect.stringContaining('the disk is full')],
          })
          expect(readFileSync(path, 'utf8')).toBe('old')
          expect(await host.write(path, file('new'))).toBe(true)
        } finally {
          await execa('umount', [folder])
        }
      },
    )
  })

  describe('shows a file', () => {
    test('with its content, mode and owner', async () => {
      const path = join(folder, 'file')
      writeFileSync(path, 'größe\n\n', { mode: 0o640 })
      chmodSync(path, 0o640)
      expect(await host.look(path)).toEqual(file('größe\n\n', 0o640))
    })

    test('that is empty', async () => {
      const path = join(folder, 'file')
      writeFileSync(path, '')
      expect((await host.look(path))?.content).toBe('')
    })

    test('only if there is one', async () => {
      expect(await host.look(join(folder, 'none'))).toBeUndefined()
      expect(await host.look(folder)).toBeUndefined()
    })
  })

  describe('removes', () => {
    test('files, folders and links, and says whether there were any', async () => {
      const paths = ['file', 'folder', 'link', 'none'].map((name) =>
        join(folder, name),
      )
      const [one = '', two = '', three = '', target = ''] = paths
      writeFileSync(one, '')
      mkdirSync(join(two, 'inner'), { recursive: true })
      symlinkSync(target, three)
      expect(readlinkSync(three)).toBe(target)
      expect(await host.remove(paths)).toBe(true)
      expect(readdirSync(folder)).toEqual([])
      expect(await host.remove(paths)).toBe(false)
    })

    test('what a link points to never', async () => {
      mkdirSync(join(folder, 'target'))
      symlinkSync(join(folder, 'target'), join(folder, 'link'))
      await host.remove([join(folder, 'link')])
      expect(readdirSync(folder)).toEqual(['target'])
    })

    test('what a write that was cut short has left beside them', async () => {
      writeFileSync(join(folder, 'unit.new'), 'half a un')
      expect(await host.remove([join(folder, 'unit')])).toBe(false)
      expect(readdirSync(folder)).toEqual([])
    })

    test('nothing but what is named', async () => {
      writeFileSync(join(folder, 'kept'), '')
      expect(await host.remove([join(folder, '*'), '-rf'])).toBe(false)
      expect(readdirSync(folder)).toEqual(['kept'])
      expect(await host.remove([])).toBe(false)
    })
  })

  describe('ensures', () => {
    test('a change when the check fails, and not when it holds', async () => {
      const path = join(folder, 'file')
      const ensure = () =>
        host.ensure(sh`[ -e ${path} ]`, sh`echo a >> ${path}`)
      expect(await ensure()).toBe(true)
      expect(await ensure()).toBe(false)
      expect(readFileSync(path, 'utf8')).toBe('a\n')
    })

    test.each([
      ['first', 'false\ntrue\ntrue'],
      ['middle', 'true\nfalse\ntrue'],
      ['last', 'true\ntrue\nfalse'],
    ])('every line of a check: the %s one, too', async (_, script) => {
      expect(await host.ensure({ script }, sh`true`)).toBe(true)
      expect(await host.holds({ script })).toBe(false)
    })

    test('nothing of what check and change print', async () => {
      const noise = sh`echo changed; echo changed >&2`
      expect(await host.ensure(noise, sh`false`)).toBe(false)
      expect(await host.ensure(sh`false`, noise)).toBe(true)
    })

    test('no more of a change than to where it fails', async () => {
      const path = join(folder, 'file')
      const change = sh`echo why >&2
        false
        touch ${path}`
      const error = await failureOf(host.ensure(sh`false`, change))
      expect(error).toMatchObject({ code: 1, stderr: 'why\n' })
      expect(readdirSync(folder)).toEqual([])
    })

    test('with scripts that end in a comment', async () => {
      expect(await host.ensure(sh`false # a`, sh`true # b`)).toBe(true)
      expect(await host.ensure(sh`true # a`, sh`true # b`)).toBe(false)
    })
  })

  test('tells what a script printed, without the newlines at its end', async () => {
    expect(await host.read(sh`printf ' a\n\n b\n\n'`)).toBe(' a\n\n b')
  })

  test('tells how to run by hand what failed', async () => {
    const script = sh`
      echo ${"it's so"} >&2
      false
      echo unreached`
    const error = await failureOf(host.read(script))
    expect(error).toMatchObject({ name: 'CommandError', code: 1 })
    expect(error.message).toMatch(/end of stderr:\n {4}it's so$/)

    const pasted = transport.paste(script.script)
    const lines = pasted.split('\n').join('\n    ')
    expect(error.message).toContain(lines)
    const again = await execa('bash', ['--norc', '-c', pasted], {
      reject: false,
    })
    expect(again).toMatchObject({ exitCode: 1, stderr: "it's so" })
  })
})
