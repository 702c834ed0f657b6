import { readFile } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { GuideError } from '../lib/errors.ts'
import type { MachineMaker } from './machines.ts'
import { bare, type LabMachine } from './plan.ts'
import { tail } from './root-command.ts'

/**
 * Waits until the SSH servers of all machines say hello.
 *
 * @param seconds how long at most; an emulated machine takes a minute or two
 * @throws {GuideError} that names every machine which does not answer, with
 * the end of its console
 */
export async function waitForSsh(
  maker: MachineMaker,
  machines: readonly LabMachine[],
  seconds: number,
): Promise<void> {
  const end = performance.now() + seconds * 1000
  const answers = await Promise.all(
    machines.map((machine) => answersBefore(end, maker, machine)),
  )
  const silent = machines.filter((_, index) => !answers[index])
  if (silent.length === 0) return
  const stories = await Promise.all(silent.map((it) => story(maker, it)))
  throw new GuideError(stories.join('\n'), [
    'run the same command again: it starts what does not run',
    'or begin anew: npm run lab -- down',
  ])
}

async function answersBefore(
  end: number,
  maker: MachineMaker,
  machine: LabMachine,
): Promise<boolean> {
  const started = performance.now()
  while (performance.now() < end) {
    if (await saysHello(bare(machine.address), machine.sshPort)) return true
    const settled = performance.now() - started > 3000
    if (settled && maker.status(machine) !== 'running') return false
    await sleep(60)
  }
  return false
}

function saysHello(host: string, port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = createConnection({ host, port, timeout: 1000 })
  socket.on('data', (data) => resolve(data.toString().startsWith('SSH-')))
  socket.on('error', () => resolve(false))
  socket.on('close', () => resolve(false))
  socket.on('timeout', () => resolve(false))
  return promise.finally(() => socket.destroy())
}

async function story(
  maker: MachineMaker,
  machine: LabMachine,
): Promise<string> {
  const log = maker.console(machine)
  const said = await readFile(log, 'utf8').catch(() => 'nothing')
  return (
    `${machine.name} (${bare(machine.address)}) does not answer SSH; it is ` +
    `${maker.status(machine)}\n  end of its console, ${log}:\n  ${tail(said)}`
  )
}
