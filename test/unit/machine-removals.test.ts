// Removals that spare what others have made, run here by a real bash

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { hostOver } from '../../lib/host.ts'
import { journal } from '../../lib/journal.ts'
import { Machine } from '../../lib/machine.ts'

const entry = {
  ...{ name: 'box', address: '10.10.0.11', roles: ['worker' as const] },
  ssh: { host: '10.10.0.11' },
}
const installer = {
  programs: async () => undefined,
  images: async () => undefined,
}

let folder: string
let box: Machine

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kfs-removals-'))
  const host = hostOver('box', {
    async run(script) {
      const { exitCode, stdout, stderr } = await execa(
        'bash',
        ['--norc', '-euo', 'pipefail', '-c', script],
        {
          ...{ reject: false, stripFinalNewline: false, stdin: 'ignore' },
          env: { PATH: `${folder}/bin:${process.env.PATH}` },
        },
      )
      return { code: exitCode ?? 255, stdout, stderr }
    },
    async upload() {},
    paste: (script) => script,
    close() {},
  })
  const options = { planning: false, journal: journal(), installer }
  box = new Machine(entry, host, options)
})
afterEach(() => rmSync(folder, { recursive: true }))

function program(name: string, text: string) {
  mkdirSync(join(folder, 'bin'), { recursive: true })
  writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${text}\n`, {
    mode: 0o755,
  })
}

test('folders go from the inside out, and as far as they are empty', async () => {
  const [outer, inner] = [join(folder, 'etc'), join(folder, 'etc', 'cni')]
  mkdirSync(join(inner, 'net.d'), { recursive: true })
  writeFileSync(join(outer, 'of-others'), '')
  expect(await box.removeEmpty(join(inner, 'net.d'), inner, outer)).toBe(true)
  expect([inner, outer].map(existsSync)).toEqual([false, true])
  expect(await box.removeEmpty(join(inner, 'net.d'), inner, outer)).toBe(false)
})

const users = (comment: string) => {
  program(
    'getent',
    `[ "$1" = passwd ] && echo "etcd:x:9:9:${comment}:/:/bin/sh"`,
  )
  program('userdel', `echo "$@" >> ${folder}/removed`)
}

test('a user of ours is removed', async () => {
  users('kubernetes-from-scratch')
  expect(await box.removeUser('etcd')).toBe(true)
  expect(readFileSync(join(folder, 'removed'), 'utf8')).toBe('etcd\n')
})

test('a user of that name who was there before stays', async () => {
  users('the etcd of the distribution')
  expect(await box.removeUser('etcd')).toBe(false)
  expect(existsSync(join(folder, 'removed'))).toBe(false)
})

test('a user who is gone is not removed again', async () => {
  program('getent', 'exit 2')
  expect(await box.removeUser('etcd')).toBe(false)
})
