// Two virtual machines, which have what a container shares with its host: a
// kernel, a clock, and a disk that a power cut finds half written.

import { readFileSync } from 'node:fs'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readPatience, usePatience } from '../../lib/patience.ts'
import { Guide } from './guide.ts'
import { hostTraces } from './host.ts'

/** Their names in vm.yaml. */
export const machines = ['cp-1', 'worker-1']

/** The plan of the steps up to one says that there is nothing to change. */
export async function expectNoChanges(
  guide: Guide,
  upTo: string,
): Promise<void> {
  const plan = await guide.npm('steps', '--plan', '--to', upTo)
  const lines = plan.match(/^✓ \d\d .*/gm) ?? []
  expect(lines).toHaveLength(Number(upTo))
  for (const line of lines) expect(line, plan).toContain('nothing to change')
}

/**
 * Registers the tests of two machines that boot, get steps 01 to 09, lose
 * their power in two of them, and go without a trace.
 *
 * @param more registers what else they are for, given what booting printed
 */
export function virtualMachines(
  more: (guide: Guide, booted: () => string) => void = () => undefined,
): void {
  const name = 'vms'
  const guide = new Guide(name, 'test/e2e/vm.yaml', 160)
  let before: Awaited<ReturnType<typeof hostTraces>>
  let booted = ''

  /**
   * Pulls the plug of a machine once something is so on it, while a step runs.
   * That step is then run again; what earlier ones did has to be on the disk.
   */
  async function cutPower(step: string, machine: string, when: string) {
    const running = guide.step(step)
    const watch = `until ${when}; do sleep 0.2; done`
    await guide.on(machine, watch)
    await guide.npm('lab', 'kill', machine)
    const { exitCode, all } = await running
    expect(exitCode, all).toBe(1)
    expect(all).toContain(machine)
    await guide.npm('lab', 'start', machine)
    const again = await guide.step(step)
    expect(again.exitCode, again.all).toBe(0)
    await expectNoChanges(guide, step.slice(0, 2))
  }

  beforeAll(async () => {
    await guide.npm('down')
    before = await hostTraces([name])
  })

  afterAll(async () => {
    await guide.npm('down')
  })

  test('lab up boots them, each with a kernel of its own', async () => {
    booted = await guide.npm('lab', 'up', '--yes')
    expect(booted).toMatch(/virtual machines by (KVM|emulation)/)
    usePatience(guide.directory)
    const { stdout: ours } = await execa('uname', ['-r'])
    for (const machine of machines) {
      const kernel = await guide.on(machine, 'uname -r')
      expect(kernel).not.toBe(ours)
      expect(await guide.on(machine, 'cat /etc/os-release')).toContain('trixie')
      const type = await guide.on(machine, 'stat -fc %T /sys/fs/cgroup')
      expect(type.trim()).toBe('cgroup2fs')
    }
  })

  test('slow machines are measured, and waited for', () => {
    expect(readPatience(guide.directory)).toBeGreaterThanOrEqual(1)
  })

  test('steps 01 to 04 run', async () => {
    await guide.npm('steps', '--from', '01', '--to', '04')
  })

  test('a power cut in the middle of 05 costs nothing but the step', () =>
    cutPower('05-etcd', 'cp-1', '[ -e /etc/systemd/system/etcd.service ]'))

  test('steps 06 to 08 run', async () => {
    await guide.npm('steps', '--from', '06', '--to', '08')
  })

  test('a power cut in the middle of 09 costs nothing but the step', () =>
    cutPower('09-container-runtime', 'worker-1', '[ -e /usr/local/bin/runc ]'))

  more(guide, () => booted)

  test('nothing that was printed holds a key or a token', () => {
    const { outputs, secrets } = guide.refuseSecrets()
    expect(outputs).toBeGreaterThan(10)
    expect(secrets).toBeGreaterThan(100)
  })

  test('npm run down leaves nothing of them', async () => {
    await guide.npm('down')
    expect(await hostTraces([name])).toEqual(before)
    expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain(name)
  })
}
