import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { describe } from 'vitest'
import { temporaryFolder } from '../transport/session.ts'
import { test } from './printed.ts'
import { lackOf, printedBy } from './programs.ts'

const folder = temporaryFolder()

test('a program for another processor is not run', async ({ prints }) => {
  const file = join(folder, 'foreign')
  writeFileSync(file, foreignHeader, { mode: 0o755 })
  await prints(async () => {
    const { stderr } = await execa('bash', ['-c', file], { reject: false })
    return stderr
  })
})

describe.skipIf(lackOf(['runc'], { root: true }))('runc', () => {
  test('that asks systemd takes no path of cgroupfs', async ({ prints }) => {
    const bundle = join(folder, 'bundle')
    mkdirSync(join(bundle, 'rootfs'), { recursive: true })
    await printedBy('runc', ['spec', '--bundle', bundle])
    const file = join(bundle, 'config.json')
    const config = JSON.parse(readFileSync(file, 'utf8'))
    config.process.terminal = false
    config.linux.cgroupsPath = '/kubepods/besteffort/pod-1/container-1'
    writeFileSync(file, JSON.stringify(config))
    const create = ['create', '--bundle', bundle, 'container-1']
    const flags = ['--root', join(folder, 'runc'), '--systemd-cgroup']
    await prints(() => printedBy('runc', [...flags, ...create]))
  })
})

// The beginning of a program for s390, which only mainframes have.
const foreignHeader = Buffer.alloc(64)
foreignHeader.write('\x7fELF\x02\x02\x01', 'latin1')
foreignHeader.writeUInt16BE(2, 16)
foreignHeader.writeUInt16BE(22, 18)
