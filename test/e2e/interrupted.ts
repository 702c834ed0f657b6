// Steps that are cut off in the middle, and then run again.

import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { loadCluster } from '../../lib/cluster.ts'
import { sshOptions } from '../../lib/ssh.ts'
import { stepFiles } from '../../lib/steps.ts'
import { type RunningProcess, runningProcesses } from '../processes.ts'
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
  const { machines, directory } = loadCluster(guide.file)
  const entry = machines.find(({ name }) => name === machine)
  if (!entry) throw new Error(`no machine ${machine}`)
  const running = guide.step(step)
  let ended = false
  running.finally(() => {
    ended = true
  })
  let sender = senderOf(program, entry.address)
  while (!ended && !sender) {
    await sleep(5)
    sender = senderOf(program, entry.address)
  }
  assert(sender, `${step} ended, and ${program} was not seen on its way`)
  // Whoever sends waits, or the last byte may be there before the end is.
  process.kill(sender, 'SIGSTOP')
  try {
    await killConnection(sshOptions(entry, directory))
  } finally {
    process.kill(sender, 'SIGCONT')
  }
  const { exitCode, all } = await running
  assert.equal(exitCode, 1, all)
  return all
}

// The process that sends a program to a machine, and started ssh for it.
function senderOf(program: string, address: string): number | undefined {
  const uploads = ({ words }: RunningProcess) =>
    words[0] === 'ssh' &&
    words.includes(address) &&
    words.some((word) => word.includes(`/${program}.new`))
  return runningProcesses().find(uploads)?.parent
}

// The process that holds the connection that all others share.
async function killConnection(options: string[]): Promise<void> {
  const { stderr } = await execa('ssh', ['-O', 'check', ...options])
  const [, pid] = /pid=(\d+)/.exec(stderr) ?? []
  process.kill(Number(pid), 'SIGKILL')
}
