import { createHash, randomFillSync } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { GuideError } from '../../lib/errors.ts'
import type { Transport } from '../../lib/transport.ts'
import { hostileTexts, randomTexts } from './hostile.ts'
import { failureOf, sharedSshd } from './session.ts'
import { missing } from './sshd.ts'

const isRoot = process.getuid?.() === 0

describe.skipIf(missing)('an upload', () => {
  const shared = sharedSshd()
  let transport: Transport
  let folder: string
  let from: string
  let to: string
  let count = 0

  beforeAll(async () => {
    transport = await shared.open()
  })

  beforeEach(() => {
    folder = join(shared.sshd.folder, `it's test ${count++}`)
    mkdirSync(folder)
    from = join(folder, 'from')
    to = join(folder, 'to')
  })

  test('of 20 MB arrives as it is, for root alone to read', async () => {
    writeFileSync(from, randomFillSync(Buffer.alloc(20_000_000)))
    await transport.upload(from, to)
    expect(sum(to)).toBe(sum(from))
    expect(statSync(to).mode & 0o777).toBe(0o600)
  })

  test('to a file of any name makes that file, and runs nothing', async () => {
    writeFileSync(from, 'content')
    const names = [...hostileTexts, ...randomTexts(20)]
      .map((text) => text.replaceAll('/', '').slice(0, 60))
      .filter((name) => Buffer.byteLength(name) > 2)
    expect(names.length).toBeGreaterThan(40)
    const into = join(folder, 'into')
    mkdirSync(into)
    for (const name of new Set(names)) {
      await transport.upload(from, join(into, name))
      expect(readdirSync(into)).toEqual([name])
      rmSync(join(into, name))
    }
    expect(existsSync('/tmp/kfs-owned')).toBe(false)
  })

  test('of nothing makes an empty file', async () => {
    writeFileSync(from, '')
    await transport.upload(from, to)
    expect(readFileSync(to, 'utf8')).toBe('')
  })

  test('takes the place of an older file, and of its mode', async () => {
    writeFileSync(from, 'new')
    writeFileSync(to, 'older, longer', { mode: 0o666 })
    await transport.upload(from, to)
    expect(readFileSync(to, 'utf8')).toBe('new')
    expect(statSync(to).mode & 0o777).toBe(0o600)
  })

  test('goes on beside a script that is running', async () => {
    writeFileSync(from, 'content')
    const waiting = transport.run(
      `until [ -s "$(echo "${to}")" ]; do sleep 0.05; done; cat "${to}"`,
    )
    await transport.upload(from, to)
    expect((await waiting).stdout).toBe('content')
  })

  test('of a file that is not there says so', async () => {
    const error = await failureOf(transport.upload(from, to))
    expect(error).toBeInstanceOf(GuideError)
    expect(error.message).toContain(`could not upload ${from} to ${to}`)
    expect(error.message).toContain('ENOENT')
  })

  test('to a folder that is not there says so', async () => {
    writeFileSync(from, 'content')
    const path = join(folder, 'none', 'to')
    const error = await failureOf(transport.upload(from, path))
    expect(error.message).toContain(`box: could not upload ${from} to ${path}`)
    expect(error.message).toContain('No such file or directory')
  })

  test.runIf(isRoot)('that fills the disk says so, and frees it', async () => {
    const disk = join(folder, 'disk')
    mkdirSync(disk)
    await execa('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', disk])
    try {
      writeFileSync(from, Buffer.alloc(3_000_000))
      const full = transport.upload(from, join(disk, 'to'))
      expect(await failureOf(full)).toMatchObject({
        message: expect.stringContaining('No space left on device'),
        next: [expect.stringContaining('the disk is full')],
      })
      expect(readdirSync(disk)).toEqual([])
    } finally {
      await execa('umount', [disk])
    }
  })

  test('that is cut off says so, and succeeds when run again', async () => {
    writeFileSync(from, '')
    truncateSync(from, 4_000_000_000)
    const cut = failureOf(transport.upload(from, to))
    while (!existsSync(to) || statSync(to).size === 0) await sleep(5)
    expect(shared.sshd.dropConnections()).toBeGreaterThan(0)
    const error = await cut
    expect(error.message).toContain(`box: could not upload ${from} to ${to}`)
    expect(error).toMatchObject({
      next: [expect.stringContaining('run the same command again')],
    })

    writeFileSync(from, 'short')
    const again = await shared.open()
    await again.upload(from, to)
    expect(readFileSync(to, 'utf8')).toBe('short')
  })
})

describe.skipIf(missing)('an upload to a server of one session', () => {
  const shared = sharedSshd({ settings: ['MaxSessions 1'] })

  test('makes a connection of its own', async () => {
    const transport = await shared.open()
    const from = join(shared.sshd.folder, 'from')
    writeFileSync(from, 'content')
    await transport.upload(from, `${from}.copy`)
    expect(readFileSync(`${from}.copy`, 'utf8')).toBe('content')
    expect((await transport.run('echo on')).stdout).toBe('on\n')
  })
})

function sum(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex')
}
