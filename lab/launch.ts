import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Script, sh } from '../lib/shell.ts'
import { createCgroup, members } from './cgroup.ts'
import { adminPath, joinCgroup } from './root-command.ts'

/**
 * Starts a process that outlives this one, in a cgroup of its own. It joins
 * the cgroup before it does anything else, so there is no moment at which a
 * killed `up` leaves a process that nobody could find again.
 *
 * @param log file that takes its output
 */
export async function launch(
  cgroup: string,
  script: Script,
  log: string,
): Promise<void> {
  const folders = await createCgroup(cgroup)
  const output = openSync(log, 'a')
  const child = spawn('sh', ['-euc', joinCgroup(folders, sh`exec ${script}`)], {
    detached: true,
    stdio: ['ignore', output, output],
    env: { PATH: adminPath(), LC_ALL: 'C.UTF-8' },
  })
  await once(child, 'spawn')
  closeSync(output)
  // Until it has joined, it would look as if it had ended.
  const ended = () => child.exitCode !== null || child.signalCode !== null
  while (!ended() && !members(cgroup).includes(child.pid ?? 0)) await sleep(5)
  child.unref()
}
