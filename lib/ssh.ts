import { randomBytes } from 'node:crypto'
import { createReadStream, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import type { MachineEntry } from './cluster.ts'
import { GuideError } from './errors.ts'
import { quote } from './shell.ts'
import type { Outcome, Transport } from './transport.ts'

// Seconds an idle shared connection is kept for the next step to use.
const idleSeconds = 120

/**
 * Opens a root shell on a machine over the system's `ssh`, so that the
 * reader's keys, agent, jump hosts and `~/.ssh/config` work. One connection
 * per machine is shared by all steps; scripts run one after the other in one
 * bash, files travel in a channel of their own.
 *
 * @param entry the machine, from `cluster.yaml`
 * @param directory the cluster's state folder: its `known_hosts` and, if it
 * is there, its `ssh/id_ed25519` are used besides the reader's own
 * @param notice called with the fingerprint of a host key seen for the first
 * time
 * @throws {GuideError} for an unreachable machine, a refused key, a changed
 * host key, or when root is out of reach
 * @example
 * const transport = await openSsh(machine, cluster.directory, console.log)
 * await transport.run('hostname')
 */
export async function openSsh(
  entry: MachineEntry,
  directory: string,
  notice: (line: string) => void,
): Promise<Transport> {
  const options = sshOptions(entry, directory)
  const known = readKnownHosts(directory)
  await connect(entry, options)
  await tellNewHostKey(entry, directory, known, notice)
  return new SshTransport(entry, options)
}

/**
 * The arguments with which `ssh` reaches a machine: what {@link openSsh}
 * uses, and what error messages show for a reader to paste.
 *
 * @example
 * spawn('ssh', [...sshOptions(machine, cluster.directory), 'uptime'])
 */
export function sshOptions(entry: MachineEntry, directory: string): string[] {
  const { host, user, port, key, jump } = entry.ssh
  const clusterKey = join(directory, 'ssh', 'id_ed25519')
  const knownHosts = join(directory, 'known_hosts')
  return [
    ...['-o', 'BatchMode=yes', '-o', 'ConnectTimeout=10'],
    ...['-o', 'ServerAliveInterval=5', '-o', 'ServerAliveCountMax=3'],
    // Ours first: a key seen for the first time is recorded there.
    ...['-o', `UserKnownHostsFile="${knownHosts}" ~/.ssh/known_hosts`],
    ...['-o', 'StrictHostKeyChecking=accept-new', '-o', 'HashKnownHosts=no'],
    ...['-o', `ControlPath=${join(socketDirectory(), '%C')}`],
    ...(key ? ['-i', key] : []),
    ...(existsSync(clusterKey) ? ['-i', clusterKey] : []),
    ...(port ? ['-p', String(port)] : []),
    ...(jump ? ['-J', jump] : []),
    ...(user ? ['-l', user] : []),
    host,
  ]
}

/** Ends the shared connections to machines, if there are any. */
export async function closeSsh(
  entries: readonly MachineEntry[],
  directory: string,
): Promise<void> {
  await Promise.all(
    entries.map((entry) =>
      execa('ssh', ['-O', 'exit', ...sshOptions(entry, directory)], {
        reject: false,
        stdio: 'ignore',
      }),
    ),
  )
}

interface Ref {
  ref(): void
  unref(): void
}

class SshTransport implements Transport {
  readonly #entry: MachineEntry
  readonly #options: string[]
  readonly #sentinel = `end-${randomBytes(12).toString('hex')}`
  readonly #shell
  #stdout = ''
  #stderr = ''
  #ended: Error | undefined
  #waiting: { resolve(o: Outcome): void; reject(e: Error): void } | undefined
  #queue: Promise<unknown> = Promise.resolve()

  constructor(entry: MachineEntry, options: string[]) {
    this.#entry = entry
    this.#options = options
    this.#shell = execa('ssh', [...options, asRoot('exec bash')], {
      buffer: false,
      reject: false,
      stdio: 'pipe',
    })
    this.#shell.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text
      this.#settle()
    })
    this.#shell.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text
      this.#settle()
    })
    // A write to a shell that is gone is reported by its end, below.
    this.#shell.stdin.on('error', () => undefined)
    this.#shell.then(() => this.#fail())
    this.#letProcessEnd(true)
  }

  run(script: string): Promise<Outcome> {
    const outcome = this.#queue.then(() => this.#runNow(script))
    this.#queue = outcome.catch(() => undefined)
    return outcome
  }

  #runNow(script: string): Promise<Outcome> {
    if (this.#ended) throw this.#ended
    this.#letProcessEnd(false)
    return new Promise<Outcome>((resolve, reject) => {
      this.#waiting = { resolve, reject }
      this.#stdout = ''
      this.#stderr = ''
      // One quoted word, parsed whole before it runs, with stdin closed: a
      // command that reads stdin cannot eat the rest of the session.
      this.#shell.stdin.write(
        `( set -euo pipefail; eval ${quote(script)} ) </dev/null\n` +
          `printf '%s %d\\n' ${this.#sentinel} $?\n` +
          `printf '%s\\n' ${this.#sentinel} >&2\n`,
      )
    }).finally(() => this.#letProcessEnd(true))
  }

  #settle(): void {
    const end = this.#stdout.lastIndexOf(this.#sentinel)
    const endOfErrors = this.#stderr.lastIndexOf(this.#sentinel)
    if (end < 0 || endOfErrors < 0 || !this.#stdout.endsWith('\n')) return
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.resolve({
      code: Number(this.#stdout.slice(end + this.#sentinel.length)),
      stdout: this.#stdout.slice(0, end),
      stderr: this.#stderr.slice(0, endOfErrors),
    })
  }

  #fail(): void {
    this.#ended = connectionError(this.#entry, this.#options, this.#stderr)
    this.#waiting?.reject(this.#ended)
    this.#waiting = undefined
  }

  // Between commands the idle shell must not keep a finished script alive.
  #letProcessEnd(may: boolean): void {
    const { stdin, stdout, stderr, nodeChildProcess } = this.#shell
    // Pipes of a child are sockets, and can do the same, untyped.
    const pipes = [stdin, stdout, stderr] as unknown as Ref[]
    for (const part of [nodeChildProcess as unknown as Ref, ...pipes]) {
      if (may) part.unref()
      else part.ref()
    }
  }

  async upload(file: string, remote: string): Promise<void> {
    const { exitCode, stderr } = await execa(
      'ssh',
      [...this.#options, asRoot(`umask 077; cat > ${quote(remote)}`)],
      { input: createReadStream(file), reject: false },
    )
    if (exitCode !== 0) {
      throw new GuideError(
        `${this.#entry.name}: could not upload ${file} to ${remote}\n` +
          `  end of stderr:\n    ${stderr.split('\n').slice(-8).join('\n    ')}`,
        /No space left/.test(stderr)
          ? ['the disk is full: `df -h` on that machine tells which']
          : ['run the same command again: what has arrived is kept'],
      )
    }
  }

  paste(script: string): string {
    const command = ['ssh', ...this.#options.map(quote), 'sudo bash'].join(' ')
    return `${command} <<'END'\n${script}\nEND`
  }

  close(): void {
    this.#shell.stdin.end()
  }
}

// Works in whatever shell the user logs in with, and as root without sudo.
function asRoot(command: string): string {
  const sudo = `sudo -n bash -c ${quote(command)}`
  const script = `[ "$(id -u)" = 0 ] && ${command}; [ "$(id -u)" = 0 ] || exec ${sudo}`
  return `exec sh -c ${quote(script)}`
}

async function connect(entry: MachineEntry, options: string[]): Promise<void> {
  mkdirSync(socketDirectory(), { recursive: true, mode: 0o700 })
  const errors = join(
    socketDirectory(),
    `${randomBytes(6).toString('hex')}.err`,
  )
  // The connection that stays behind would hold our pipes open for ever, so
  // it gets none: what ssh has to say goes to a file.
  const { exitCode } = await execa(
    'ssh',
    [
      ...['-o', 'ControlMaster=auto', '-o', `ControlPersist=${idleSeconds}`],
      ...['-E', errors, ...options, asRoot('true')],
    ],
    { reject: false, stdio: 'ignore' },
  )
  const log = existsSync(errors) ? readFileSync(errors, 'utf8') : ''
  await rm(errors, { force: true })
  if (exitCode === 0) return
  // The reason sudo gives comes through the channel, which was closed above.
  const said =
    exitCode === 255
      ? log
      : (await execa('ssh', [...options, asRoot('true')], { reject: false }))
          .stderr
  throw connectionError(entry, options, said || log)
}

function connectionError(
  entry: MachineEntry,
  options: string[],
  stderr: string,
): GuideError {
  const command = `ssh ${options.map(quote).join(' ')}`
  const { what, next } = explain(entry, stderr)
  const tail = stderr.trim().split('\n').slice(-6).join('\n    ')
  return new GuideError(
    `${entry.name} (${entry.ssh.host}): ${what}\n` +
      `  to try by hand:\n    ${command}` +
      (tail ? `\n  end of stderr:\n    ${tail}` : ''),
    next,
  )
}

function explain(entry: MachineEntry, stderr: string) {
  const cases: [RegExp, string, string[]][] = [
    [
      /HOST IDENTIFICATION HAS CHANGED|Host key verification failed/,
      'the host key is not the one seen before',
      [
        'if the machine was installed anew, forget the old key: ' +
          `ssh-keygen -R ${entry.ssh.host} -f the file that stderr names`,
        'if it was not, somebody may be answering in its place: stop here',
      ],
    ],
    [
      /sudo: .*(password|terminal) is required|sudo: .*not allowed/i,
      'sudo asks for a password',
      [
        `allow it without one: echo '${entry.ssh.user ?? 'USER'} ALL=(ALL) ` +
          `NOPASSWD:ALL' > /etc/sudoers.d/${entry.ssh.user ?? 'USER'}`,
      ],
    ],
    [
      /sudo: (command )?not found|exec: sudo/,
      'the user is not root and sudo is missing',
      ['install sudo there, or set `ssh.user: root` in cluster.yaml'],
    ],
    [
      /Permission denied/,
      'the machine refused our key',
      [
        'set `ssh.user` and `ssh.key` in cluster.yaml, or load the key into ' +
          'your agent: ssh-add -l',
      ],
    ],
    [
      /Could not resolve hostname/,
      'the name does not resolve',
      ['use an address in cluster.yaml, or add the name to /etc/hosts'],
    ],
    [
      /refused|timed out|No route|unreachable|reset by peer|closed by/i,
      'the machine does not answer on SSH',
      [
        'is it running, and is the address right? ' +
          `ping -c1 ${entry.ssh.host}`,
        'is sshd listening and no firewall in between? ' +
          `nc -vz ${entry.ssh.host} ${entry.ssh.port ?? 22}`,
      ],
    ],
  ]
  const found = cases.find(([pattern]) => pattern.test(stderr))
  return found
    ? { what: found[1], next: found[2] }
    : {
        what: 'the connection ended',
        next: ['run the same command again: it goes on where it stopped'],
      }
}

// Short, because the path of a Unix socket ends at 108 bytes.
function socketDirectory(): string {
  return join(tmpdir(), `kfs-ssh-${userInfo().uid}`)
}

function readKnownHosts(directory: string): string {
  const file = join(directory, 'known_hosts')
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

async function tellNewHostKey(
  entry: MachineEntry,
  directory: string,
  before: string,
  notice: (line: string) => void,
): Promise<void> {
  if (readKnownHosts(directory) === before) return
  const { host, port } = entry.ssh
  const name = port && port !== 22 ? `[${host}]:${port}` : host
  const file = join(directory, 'known_hosts')
  if (before.split('\n').some((line) => line.split(' ')[0] === name)) return
  const { stdout } = await execa('ssh-keygen', ['-lf', file, '-F', name], {
    reject: false,
  })
  const fingerprint = stdout
    .split('\n')
    .find((line) => line.includes('SHA256:'))
  if (!fingerprint) return
  notice(`${entry.name}: first contact, host key recorded: ${fingerprint}`)
}
