import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, expect, test } from 'vitest'
import { GuideError, renderError } from '../../lib/errors.ts'
import { hostOver } from '../../lib/host.ts'
import { type Script, sh } from '../../lib/shell.ts'
import { until, waitOn } from '../../lib/wait.ts'

const folder = mkdtempSync(join(tmpdir(), 'kfs-wait-'))
afterAll(() => rmSync(folder, { recursive: true }))
const TMPDIR = join(folder, 'tmp')
mkdirSync(TMPDIR)

let scripts = 0
/** This computer, without SSH in between. */
const host = hostOver('box', {
  async run(script) {
    scripts++
    const { exitCode, stdout, stderr } = await execa(
      'bash',
      ['-euo', 'pipefail', '-c', script],
      {
        reject: false,
        stripFinalNewline: false,
        stdin: 'ignore',
        env: { TMPDIR },
      },
    )
    return { code: exitCode ?? 255, stdout, stderr }
  },
  async upload() {},
  paste: (script) => script,
  close() {},
})

const wait = (script: Script, seconds: number, next?: string[]) =>
  waitOn('box', host, 'it is so', script, seconds, next)

async function reasonOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => {
      throw new Error('it should have failed')
    },
    (error) => renderError(error),
  )
}

test('what is so already is not waited for, nor looked at twice', async () => {
  const diary = join(folder, 'once')
  scripts = 0
  await wait(sh`echo looked | tee -a ${diary}`, 60)
  expect(readFileSync(diary, 'utf8')).toBe('looked\n')
  expect(scripts).toBe(1)
})

test('a machine looks again and again until it is so', async () => {
  const diary = join(folder, 'thrice')
  scripts = 0
  await wait(
    sh`
      echo looked >> ${diary}
      [ "$(wc -l < ${diary})" -ge 3 ]`,
    60,
  )
  expect(readFileSync(diary, 'utf8')).toBe('looked\n'.repeat(3))
  expect(scripts).toBe(1)
})

test('every line of what is waited for counts', async () => {
  const reason = await reasonOf(wait({ script: 'true\nfalse\ntrue' }, 0))
  expect(reason).toBe(
    'box: waited 0 s until it is so, in vain\n' +
      '  to look by hand:\n    true\n    false\n    true',
  )
})

test('what is never so ends with the last words, and with advice', async () => {
  const script = sh`
    for line in 1 2 3 4 5 6 7 8 9 10; do echo "line $line"; done
    echo 'it is late' >&2
    exit 3`
  const reason = await reasonOf(
    wait(script, 0, ['look there', 'journalctl -u etcd']),
  )
  expect(reason).toBe(
    [
      'box: waited 0 s until it is so, in vain',
      '  last seen:',
      ...[4, 5, 6, 7, 8, 9, 10].map((number) => `    line ${number}`),
      '    it is late',
      '  to look by hand:',
      '    for line in 1 2 3 4 5 6 7 8 9 10; do echo "line $line"; done',
      "    echo 'it is late' >&2",
      '    exit 3',
      '  → look there',
      '  → journalctl -u etcd, on box',
    ].join('\n'),
  )
})

test('a look that hangs is ended, and says so', async () => {
  const began = performance.now()
  const reason = await reasonOf(wait(sh`echo asking; sleep 600`, 1))
  expect(performance.now() - began).toBeLessThan(30_000)
  expect(reason).toBe(
    [
      'box: waited 1 s until it is so, in vain',
      '  last seen:',
      '    asking',
      '    looking took longer than 1 s, and was ended',
      '  to look by hand:',
      '    echo asking; sleep 600',
    ].join('\n'),
  )
})

test('a look that hangs does not keep the next from being made', async () => {
  const diary = join(folder, 'hung')
  await wait(
    sh`
      [ ! -e ${diary} ] || exit 0
      echo hung > ${diary}
      sleep 600`,
    2,
  )
  expect(readFileSync(diary, 'utf8')).toBe('hung\n')
})

test('a wait leaves no file behind', async () => {
  await wait(sh`[ "$(ls "$TMPDIR" | wc -l)" = 1 ]`, 0)
  await reasonOf(wait(sh`echo a; false`, 0))
  expect(readdirSync(TMPDIR)).toEqual([])
})

test('the operator gets what was found at last', async () => {
  let looks = 0
  const found = await until('three', () => (++looks === 3 ? 'found' : ''))
  expect([found, looks]).toEqual(['found', 3])
})

test('an error while looking is no reason to stop', async () => {
  let looks = 0
  const look = async () => {
    looks++
    if (looks < 3) throw new Error('not yet')
    return looks
  }
  expect(await until('three', look)).toBe(3)
})

test('the operator, too, ends with the last reason and advice', async () => {
  const look = () => Promise.reject(new Error('refused:\nall of it'))
  const reason = await reasonOf(
    until('the API answers', look, { seconds: 0, next: ['look there'] }),
  )
  expect(reason).toBe(
    'waited 0 s until the API answers, in vain\n  last seen:\n' +
      '    refused:\n    all of it\n  → look there',
  )
})

test('what the last reason advises is advised as well', async () => {
  const look = () => Promise.reject(new GuideError('full', ['make room']))
  const reason = await reasonOf(
    until('it fits', look, { seconds: 0, next: ['look there'] }),
  )
  expect(reason).toMatch(/ {4}full\n {2}→ look there\n {2}→ make room$/)
})

test('what says nothing is waited for as well', async () => {
  const reason = await reasonOf(until('never', () => false, { seconds: 0 }))
  expect(reason).toContain('it was not so yet')
})
