import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { connect, createServer } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { signal } from '../../lab/signal.ts'
import type { MachineEntry } from '../../lib/cluster.ts'
import { type RunningProcess, runningProcesses } from '../processes.ts'

const program = '/usr/sbin/sshd'

/** Why there can be no server here, or undefined. */
export const missing = existsSync(program)
  ? undefined
  : `${program} is missing: apt-get install openssh-server`

if (missing && process.env.CI) throw new Error(missing)
if (missing) console.warn(`transport tests are skipped: ${missing}`)

/** A real SSH server on loopback that this user may log in to. */
export interface Sshd {
  /** Holds everything of the server, and a state folder. */
  folder: string
  /** Home of whoever logs in; empty at first. */
  home: string
  port: number
  /** A state folder, with the key that opens the server. */
  state: string
  /** The server as a machine of a cluster. */
  machine: MachineEntry
  /** Has another host key from now on. */
  changeHostKey(): Promise<void>
  /** Ends all connections, as a power cut does; how many there were. */
  dropConnections(): number
  stop(): Promise<void>
}

/**
 * Starts a server with keys and configuration of its own.
 *
 * @param settings further lines of its configuration
 * @param programs stand-ins for programs such as `sudo`, by name: bash
 */
export async function startSshd({
  settings = [] as string[],
  programs = {} as Record<string, string>,
} = {}): Promise<Sshd> {
  // Short, for the path of the shared connection is inside of it.
  const folder = mkdtempSync('/tmp/kfs-')
  const state = join(folder, 'state')
  const home = join(folder, 'home')
  const hostKey = join(folder, 'host-key')
  const key = join(state, 'ssh', 'id_ed25519')
  mkdirSync(join(state, 'ssh'), { recursive: true, mode: 0o700 })
  mkdirSync(home)
  await Promise.all([createKey(hostKey), createKey(key)])
  const authorized = readFileSync(`${key}.pub`, 'utf8')
  writeFileSync(join(folder, 'authorized_keys'), authorized)

  // The separation of privileges wants this folder.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true })
  const port = await freePort()
  const configuration = [
    ...settings,
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${hostKey}`,
    `AuthorizedKeysFile ${join(folder, 'authorized_keys')}`,
    'PidFile none',
    'PermitRootLogin prohibit-password',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'StrictModes no',
    'UsePAM no',
    'PrintMotd no',
    'MaxStartups 100',
    `SetEnv HOME=${home} PATH=${pathWith(folder, programs)}`,
  ]
  const file = join(folder, 'sshd_config')
  writeFileSync(file, `${configuration.join('\n')}\n`)

  let server = await start(file, port)
  return {
    folder,
    home,
    port,
    state,
    machine: {
      name: 'box',
      address: '127.0.0.1',
      roles: ['worker'],
      ssh: { host: '127.0.0.1', port, user: userInfo().username },
    },
    async changeHostKey() {
      await end(server)
      rmSync(hostKey)
      await createKey(hostKey)
      server = await start(file, port)
    },
    dropConnections() {
      const connections = servants(server)
      for (const pid of connections) signal(pid, 'SIGKILL')
      return connections.length
    },
    async stop() {
      await end(server)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Makes a key pair, without a passphrase. */
export async function createKey(file: string): Promise<void> {
  await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file])
}

/** A port of loopback that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address ? address.port : 0
}

// An ordinary user is root to the tests by a sudo that changes nothing.
function pathWith(folder: string, programs: Record<string, string>) {
  const all =
    process.getuid?.() === 0 ? programs : { sudo: pretendSudo, ...programs }
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  for (const [name, text] of Object.entries(all)) {
    writeFileSync(join(bin, name), `#!/bin/bash\n${text}\n`, { mode: 0o755 })
  }
  return `${bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`
}

/** A sudo that needs no password. */
const pretendSudo = '[ "$1" != -n ] || shift; exec "$@"'

async function start(file: string, port: number): Promise<ChildProcess> {
  const server = spawn(program, ['-D', '-e', '-f', file], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  server.stderr?.on('data', (text) => {
    said += text
  })
  for (;;) {
    if (server.exitCode !== null) throw new Error(`sshd ended: ${said}`)
    if (await answers(port)) return server
    await sleep(20)
  }
}

async function end(server: ChildProcess): Promise<void> {
  const pids = servants(server)
  const ended = once(server, 'exit')
  server.kill()
  for (const pid of pids) signal(pid, 'SIGTERM')
  await ended
}

function answers(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect(port, '127.0.0.1')
  socket.once('data', () => resolve(true)).once('error', () => resolve(false))
  return promise.finally(() => socket.destroy())
}

// Of a server, the processes that serve its connections.
function servants({ pid }: ChildProcess): number[] {
  const all = runningProcesses()
  const below = (pid: number | undefined): RunningProcess[] =>
    all
      .filter(({ parent }) => parent === pid)
      .flatMap((child) => [child, ...below(child.pid)])
  return below(pid)
    .filter(({ name }) => name.startsWith('sshd'))
    .map(({ pid }) => pid)
}
