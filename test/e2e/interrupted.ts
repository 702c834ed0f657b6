// Steps that are cut off in the middle, and then run again.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { loadCluster } from '../../lib/cluster.ts'
import { sshOptions } from '../../lib/ssh.ts'
import { stepFiles } from '../../lib/steps.ts'
import type { Guide } from './guide.ts'

// After which change each is killed: in the middle of starting services, of
// writing keys, of installing programs, of joining nodes.
const killedAfter: Record<string, number> = {
  '05': 35,
  '06': 10,
  '07': 20,
  '08': 12,
  '09': 47,
  '10': 35,
  '11': 8,
  '12': 14,
}

/** Applies steps, each killed on its way first; none may be left undone. */
export async function killedAndRunAgain(guide: Guide, from: string) {
  for (const { number, name } of stepFiles()) {
    if (number < from) continue
    const changes = killedAfter[number]
    const step = `${number}-${name}`
    if (changes) {
      const killed = await guide.killedStep(step, changes)
      assert.equal(killed.signal, 'SIGKILL', killed.all)
    }
    const again = await guide.step(step)
    assert.equal(again.exitCode, 0, again.all)
    assert.match(again.all, /\d+ verified/)
    if (!changes) continue
    const planned = await guide.step(step, '--plan')
    assert.match(planned.all, /\b0 changes to make/)
  }
}

/**
 * Has the connection to a machine drop while a program is uploaded to it.
 *
 * @param program is sent over SSH, and takes long enough to be seen
 * @param step installs it, and is undone
 * @returns what the step said when the connection dropped
 */
export async function dropped(
  guide: Guide,
  { machine, program, step }: Record<'machine' | 'program' | 'step', string>,
): Promise<string> {
  const running = guide.step(step)
  let ended = false
  running.finally(() => {
    ended = true
  })
  const address = addressOf(guide, machine)
  let sender = senderOf(program, address)
  while (!ended && !sender) {
    await sleep(5)
    sender = senderOf(program, address)
  }
  assert(sender, `${step} ended, and ${program} was not seen on its way`)
  // Whoever sends waits, or the last byte may be there before the end is.
  process.kill(sender, 'SIGSTOP')
  try {
    await killConnection(guide, machine)
  } finally {
    process.kill(sender, 'SIGCONT')
  }
  const { exitCode, all } = await running
  assert.equal(exitCode, 1, all)
  return all
}

function addressOf(guide: Guide, machine: string): string {
  const { machines } = loadCluster(guide.file)
  return machines.find(({ name }) => name === machine)?.address ?? ''
}

// The process that sends a program to a machine, and started ssh for it.
function senderOf(program: string, address: string): number | undefined {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
        const sends =
          line.startsWith('ssh\0') &&
          line.includes(`/${program}.new`) &&
          line.includes(`\0${address}\0`)
        if (!sends) return undefined
        const status = readFileSync(`/proc/${pid}/status`, 'utf8')
        return Number(/^PPid:\t(\d+)$/m.exec(status)?.[1])
      } catch {
        // It has ended since it was listed.
        return undefined
      }
    })
    .find((parent) => parent)
}

// The process that holds the connection that all others share.
async function killConnection(guide: Guide, machine: string): Promise<void> {
  const { machines, directory } = loadCluster(guide.file)
  const entry = machines.find(({ name }) => name === machine)
  if (!entry) throw new Error(`no machine ${machine}`)
  const { stderr } = await execa('ssh', [
    ...['-O', 'check'],
    ...sshOptions(entry, directory),
  ])
  const [, pid] = /pid=(\d+)/.exec(stderr) ?? []
  process.kill(Number(pid), 'SIGKILL')
}
