import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { GuideError, renderError } from '../lib/errors.ts'
import {
  type DownResult,
  type PowerResult,
  perform,
  type Report,
  type Task,
  type UpResult,
} from './task.ts'

type Message =
  | { line: string }
  | { result: UpResult | DownResult | PowerResult }
  | { error: { message: string; next: readonly string[] } }

/**
 * Has a task done by root: in this process if it is root's, otherwise in a
 * child of `sudo`. What belongs to the reader (keys, known hosts) stays on
 * this side, so root never writes into the state folder.
 *
 * @throws {GuideError} what the task threw, or that sudo did not let us
 */
export async function asRoot(task: Task, report: Report) {
  if (process.getuid?.() === 0) return perform(task, report)
  report(
    '· sudo: containers, network namespaces, cgroups and mounts need root; ' +
      'nothing after the lab does',
  )
  return throughSudo(task, report)
}

async function throughSudo(task: Task, report: Report) {
  // sudo asks for a password on the terminal, so both pipes are ours.
  const child = spawn('sudo', ['--', process.execPath, import.meta.filename], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const spawned = await Promise.race([
    once(child, 'spawn').then(() => true),
    once(child, 'error').then(() => false),
  ])
  if (!spawned) throw noSudo('sudo is not installed')
  child.stdin.on('error', () => undefined)
  child.stdin.end(JSON.stringify(task))
  const ended = once(child, 'close')
  for await (const line of createInterface({ input: child.stdout })) {
    const message: Message = JSON.parse(line)
    if ('line' in message) report(message.line)
    if ('result' in message) return message.result
    if ('error' in message) {
      throw new GuideError(message.error.message, message.error.next)
    }
  }
  const [code] = await ended
  throw noSudo(`sudo ended with exit code ${code}`)
}

function noSudo(why: string) {
  return new GuideError(`The lab needs root on this host, and ${why}`, [
    'run the same command as root, or as a user who may use sudo',
    'or use machines of your own: delete `lab` in cluster.yaml',
  ])
}

if (import.meta.main) {
  const say = (message: Message) =>
    process.stdout.write(`${JSON.stringify(message)}\n`)
  try {
    const task: Task = JSON.parse(await text(process.stdin))
    say({ result: await perform(task, (line) => say({ line })) })
  } catch (error) {
    const known = error instanceof GuideError
    const message = known ? error.message : renderError(error)
    say({ error: { message, next: known ? error.next : [] } })
    process.exitCode = 1
  }
}
