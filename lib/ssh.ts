import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  createReadStream,
  createWriteStream,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
} from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import type { MachineEntry } from './cluster.ts'
import { GuideError } from './errors.ts'
import { printable } from './flags.ts'
import { readPatience } from './patience.ts'
import { quote, withInput } from './shell.ts'
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
 * @param directory the cluster's state folder: its `known_hosts` is used
 * besides the reader's own, its `ssh/id_ed25519`, if it is there, instead
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
  if (!(await answers(socketOf(entry, directory)))) {
    const said = await connect(entry, options)
    await tellNewHostKeys(entry, directory, said, notice)
  }
  return new SshTransport(entry, options)
}

/**
 * The arguments with which `ssh` reaches a machine: what {@link openSsh}
 * uses, and what error messages show for a reader to paste.
 *
 * @throws {GuideError} for a path that ssh cannot be told of
 * @example
 * spawn('ssh', [...sshOptions(machine, cluster.directory), 'uptime'])
 */
export function sshOptions(entry: MachineEntry, directory: string): string[] {
  const { host, user, port, key, jump } = entry.ssh
  const clusterKey = join(directory, 'ssh', 'id_ed25519')
  const knownHosts = configured(join(directory, 'known_hosts'))
  const files = `${knownHosts} ~/.ssh/known_hosts`
  const keys = [key, existsSync(clusterKey) && clusterKey]
    .filter((file) => typeof file === 'string')
    // What is given with -i cannot have a % in it.
    .flatMap((file) => ['-o', `IdentityFile=${configured(file)}`])
  const shared = [
    ...['-o', 'BatchMode=yes', '-o', 'ConnectTimeout=10'],
    ...['-o', 'ServerAliveInterval=5'],
    ...['-o', `ServerAliveCountMax=${silences(directory)}`],
    // Ours first: a key seen for the first time is recorded there.
    ...['-o', `UserKnownHostsFile=${files}`],
    ...['-o', 'StrictHostKeyChecking=accept-new', '-o', 'HashKnownHosts=no'],
  ]
  return [
    ...shared,
    ...keys,
    // An agent full of other keys would use up the attempts that sshd allows.
    ...(keys.length > 0 ? ['-o', 'IdentitiesOnly=yes'] : []),
    ...['-o', `ControlPath=${socketOf(entry, directory)}`],
    ...(port ? ['-p', String(port)] : []),
    ...(jump ? jumpOptions(jump, shared) : []),
    ...(user ? ['-l', user] : []),
    host,
  ]
}

// What `-J` does, but with our options for the last hop, too: `-J` would ask
// about its host key on the terminal, once for each machine. As with `-J`, the
// keys are those that ssh itself tries for that host.
function jumpOptions(jump: string, shared: string[]): string[] {
  const hops = jump.split(',')
  const last = `ssh://${hops.pop()}`
  const before = hops.length > 0 ? ['-J', hops.join(',')] : []
  // It is filled in twice: for the command, and by the ssh in it.
  const options = [...shared, ...before].map(quote).map(filledIn)
  const command = ['ssh', ...options, '-W', quote('[%h]:%p'), quote(last)]
  return ['-o', `ProxyCommand=${command.join(' ')}`]
}

// A path as one word of ssh's configuration. What is refused, ssh has no way
// to write that all its versions know.
function configured(path: string): string {
  if (/["\\\n]|\$\{/.test(path)) {
    throw new GuideError(
      `ssh takes no path with a ", a \\, a \${ or a line break in it: ` +
        printable(path),
      ['name another: $XDG_STATE_HOME for the state folder, ssh.key for a key'],
    )
  }
  return `"${filledIn(path)}"`
}

// After a %, ssh fills in something of the connection, such as the user.
function filledIn(text: string): string {
  return text.replaceAll('%', '%%')
}

/**
 * Ends the shared connections to machines, if there are any.
 *
 * @example
 * await closeSsh(cluster.machines, cluster.directory)
 */
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

// How many questions of SSH a machine may leave unanswered, five seconds each.
// A slow one that is busy takes its time; one that is gone must be found gone.
function silences(directory: string): number {
  return Math.min(Math.ceil(3 * readPatience(directory)), 12)
}

interface Ref {
  ref(): void
  unref(): void
}

class SshTransport implements Transport {
  readonly #entry: MachineEntry
  readonly #options: string[]
  readonly #mark = randomBytes(12).toString('hex')
  readonly #shell
  #stdout = ''
  #stderr = ''
  /** Whether there was a shell at the other end at all. */
  #began = false
  #ended: Error | undefined
  #waiting: { resolve(o: Outcome): void; reject(e: Error): void } | undefined
  #queue: Promise<unknown> = Promise.resolve()

  constructor(entry: MachineEntry, options: string[]) {
    this.#entry = entry
    this.#options = options
    this.#shell = execa('ssh', [...options, asRoot('exec bash')], {
      buffer: false,
      // A Ctrl-C is for us: we still need the machine to put things back.
      detached: true,
      reject: false,
      stdio: 'pipe',
    })
    this.#shell.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text
      this.#settle()
    })
    this.#shell.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text
      this.#began ||= this.#stderr.includes(`begin-${this.#mark}\n`)
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
      // One quoted word and one group, parsed whole before it runs, with stdin
      // closed: a command that reads stdin cannot eat the rest of the session.
      // Between the marks is what the script printed: not a login greeting,
      // nor a process that an earlier script left behind.
      const group = quote(`{ :; ${script}\n}`)
      this.#shell.stdin.write(
        `echo begin-${this.#mark}; echo begin-${this.#mark} >&2\n` +
          `( set -euo pipefail; eval ${group} ) </dev/null\n` +
          `echo end-${this.#mark} $?; echo end-${this.#mark} >&2\n`,
      )
    }).finally(() => this.#letProcessEnd(true))
  }

  #settle(): void {
    const end = this.#stdout.match(`end-${this.#mark} (\\d+)\n`)
    const endOfErrors = this.#stderr.lastIndexOf(`end-${this.#mark}\n`)
    if (!end || endOfErrors < 0) return
    this.#waiting?.resolve({
      code: Number(end[1]),
      stdout: this.#afterBegin(this.#stdout.slice(0, end.index)),
      stderr: this.#afterBegin(this.#stderr.slice(0, endOfErrors)),
    })
    this.#waiting = undefined
    this.#stdout = ''
    this.#stderr = ''
  }

  #afterBegin(text: string): string {
    const begin = `begin-${this.#mark}\n`
    const index = text.indexOf(begin)
    return index < 0 ? text : text.slice(index + begin.length)
  }

  // What the script itself said must not be taken for the reason.
  #fail(): void {
    const stderr = this.#afterBegin(this.#stderr)
    const what = this.#waiting
      ? 'the connection ended in the middle of a script'
      : 'the connection ended'
    const why = this.#began
      ? { what, next: [goOn] }
      : explain(this.#entry, stderr)
    this.#ended = connectionError(this.#entry, this.#options, stderr, why)
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
    // An older file would keep its mode, and half a file a full disk full.
    const path = quote(remote)
    const command =
      `umask 077; rm -f ${path}; ` +
      `cat > ${path} || { rm -f ${path}; exit 1; }`
    const result = await execa('ssh', [...this.#options, asRoot(command)], {
      input: createReadStream(file),
      reject: false,
    })
    if (!result.failed) return
    const said =
      result.stderr || result.originalMessage || 'nothing: the connection ended'
    throw new GuideError(
      `${this.#entry.name}: could not upload ${file} to ${remote}\n` +
        `  end of stderr:\n    ${said.split('\n').slice(-8).join('\n    ')}`,
      /No space left/.test(said)
        ? ['the disk is full: `df -h` on that machine tells which']
        : [goOn],
    )
  }

  paste(script: string): string {
    const sudo = this.#entry.ssh.user === 'root' ? '' : 'sudo '
    const shell = quote(`${sudo}bash -euo pipefail -s`)
    const command = ['ssh', ...this.#options.map(quote), shell].join(' ')
    return withInput(command, script)
  }

  close(): void {
    this.#shell.stdin.end()
  }
}

const goOn = 'run the same command again: it goes on where it stopped'

// Works in whatever shell the user logs in with, and as root without sudo.
// In English, because some messages of programs are looked for.
function asRoot(command: string): string {
  const english = 'export LC_ALL=C;'
  const bash = `bash -c ${quote(`${english} ${command}`)}`
  const script =
    `${english} [ "$(id -u)" = 0 ] || ` + `exec sudo -n ${bash}; exec ${bash}`
  return `exec sh -c ${quote(script)}`
}

// Returns what ssh said, which is little when all is well.
async function connect(
  entry: MachineEntry,
  options: string[],
): Promise<string> {
  // The connection that stays behind would hold a pipe of ours open for ever,
  // so what ssh and sudo have to say goes to a file.
  const file = join(socketFolder(), randomBytes(6).toString('hex'))
  const log = createWriteStream(file, { flags: 'wx', mode: 0o600 })
  try {
    await once(log, 'open')
    const { exitCode, code } = await execa(
      'ssh',
      [
        ...['-o', 'ControlMaster=auto', '-o', `ControlPersist=${idleSeconds}`],
        ...['-o', 'LogLevel=INFO', ...options, asRoot('true')],
      ],
      { reject: false, stdin: 'ignore', stdout: 'ignore', stderr: log },
    )
    const said = readFileSync(file, 'utf8')
    if (exitCode === 0) return said
    if (code === 'ENOENT') throw new GuideError('ssh is not installed here', [])
    throw connectionError(entry, options, said, explain(entry, said))
  } finally {
    log.destroy()
    rmSync(file, { force: true })
  }
}

function connectionError(
  entry: MachineEntry,
  options: string[],
  stderr: string,
  { what, next }: { what: string; next: string[] },
): GuideError {
  const command = `ssh ${options.map(quote).join(' ')}`
  const tail = stderr.trim().split('\n').slice(-6).join('\n    ')
  return new GuideError(
    `${entry.name} (${entry.ssh.host}): ${what}\n` +
      `  to try by hand:\n    ${command}` +
      (tail ? `\n  end of stderr:\n    ${tail}` : ''),
    next,
  )
}

function explain(entry: MachineEntry, stderr: string) {
  const [, file, line] = /^Offending .*key in (.+):(\d+)/m.exec(stderr) ?? []
  const [, name] = /^Host key for (\S+) has changed/m.exec(stderr) ?? []
  const { jump } = entry.ssh
  const cases: [RegExp, string, string[]][] = [
    [
      // What ssh says of a ProxyCommand that ended; its own words are lost.
      /UNKNOWN port 65535/,
      `there is no way through ${jump}`,
      [
        `can you log in there? ssh ssh://${jump?.split(',').pop()}`,
        'and from there, does the machine answer? ' +
          `nc -vz ${entry.ssh.host} ${entry.ssh.port ?? 22}`,
      ],
    ],
    [
      /HOST IDENTIFICATION HAS CHANGED|Host key verification failed/,
      'the host key is not the one seen before' +
        (file ? `, in line ${line} of ${file}` : ''),
      [
        'if the machine was installed anew, forget the old key: ' +
          `ssh-keygen -R ${quote(name ?? entry.ssh.host)} ` +
          `-f ${file ? quote(file) : 'the file that stderr names'}`,
        'if it was not, somebody may be answering in its place: stop here',
      ],
    ],
    [
      /sudo: .*(password|terminal) is required|not allowed to execute/i,
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
      /Permission denied|Too many authentication failures/,
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
    : { what: 'the connection ended', next: [goOn] }
}

// Short, because the path of a Unix socket ends at 108 bytes, and plain,
// because it is a word of ssh's configuration.
function socketFolder(): string {
  const { uid } = userInfo()
  const temporary = /^[\w./-]{1,20}$/.test(tmpdir()) ? tmpdir() : '/tmp'
  const folder = join(temporary, `kfs-ssh-${uid}`)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  // Who owns the folder could put a connection of his own there.
  const found = lstatSync(folder)
  if (found.uid !== uid || (found.mode & 0o077) !== 0) {
    throw new GuideError(
      `${folder} must belong to you and be closed to others (mode 0700)`,
      [`have it removed: rm -r ${quote(folder)}`],
    )
  }
  return folder
}

// A name of our own, not ssh's %C: we have to know where to look, and not
// every ssh puts the jump host into it.
function socketOf({ ssh }: MachineEntry, directory: string): string {
  const { host, user, port, key, jump } = ssh
  const way = JSON.stringify([directory, host, user, port, key, jump])
  const name = createHash('sha256').update(way).digest('hex').slice(0, 16)
  return join(socketFolder(), name)
}

// Whether the connection of an earlier step is still there. To ask `ssh -O
// check` would start a program for every machine in every step.
function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const caller = createConnection(socket, () => {
      caller.destroy()
      resolve(true)
    })
    caller.on('error', () => resolve(false))
  })
}

async function tellNewHostKeys(
  entry: MachineEntry,
  directory: string,
  said: string,
  notice: (line: string) => void,
): Promise<void> {
  const file = join(directory, 'known_hosts')
  const added = /Permanently added '(.+)' \((\S+)\) to the list of known/g
  for (const [, name = '', type] of said.matchAll(added)) {
    const { stdout = '' } = await execa(
      'ssh-keygen',
      ['-lf', file, '-F', name],
      { reject: false },
    )
    const fingerprint = stdout
      .split('\n')
      .find((line) => line.includes(` ${type} SHA256:`))
    notice(
      `${entry.name}: first contact, host key recorded: ${fingerprint ?? name}`,
    )
  }
}
