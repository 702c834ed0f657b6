import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { MachineEntry } from '../../lib/cluster.ts'
import { closeSsh, openSsh, sshOptions } from '../../lib/ssh.ts'
import { failureOf, sharedSshd, temporaryFolder } from './session.ts'
import { createKey, missing, type Sshd } from './sshd.ts'

const isRoot = process.getuid?.() === 0
const program = join(import.meta.dirname, 'open-and-run.ts')

describe.skipIf(missing)('a connection', () => {
  const shared = sharedSshd()
  const folder = temporaryFolder()
  let count = 0

  afterEach(() => closeSsh([shared.sshd.machine], shared.sshd.state))

  /** A state folder that knows nothing but a key of the server. */
  function newState(): string {
    const state = join(folder, `state ${count++}`)
    mkdirSync(join(state, 'ssh'), { recursive: true })
    const key = join('ssh', 'id_ed25519')
    copyFileSync(join(shared.sshd.state, key), join(state, key))
    return state
  }

  async function open(machine: MachineEntry, state: string) {
    const notices: string[] = []
    const transport = await openSsh(machine, state, (line) =>
      notices.push(line),
    )
    const { stdout } = await transport.run('echo "$SSH_CONNECTION"')
    transport.close()
    return { notices, stdout }
  }

  test('records a new host key and shows it, and is silent then', async () => {
    const { machine, folder, port } = shared.sshd
    const state = newState()
    const { stdout } = await execa('ssh-keygen', [
      '-lf',
      join(folder, 'host-key'),
    ])
    const fingerprint = stdout.split(' ')[1]

    const first = await open(machine, state)
    expect(first.notices).toEqual([
      'box: first contact, host key recorded: ' +
        `[127.0.0.1]:${port} ED25519 ${fingerprint}`,
    ])
    const known = readFileSync(join(state, 'known_hosts'), 'utf8')
    expect(known).toMatch(/^\[127\.0\.0\.1\]:\d+ ssh-ed25519 \S+\n$/)

    await closeSsh([machine], state)
    expect((await open(machine, state)).notices).toEqual([])
    expect(readFileSync(join(state, 'known_hosts'), 'utf8')).toBe(known)
  })

  test('is silent about a host key that was recorded for us', async () => {
    const { machine, folder, port } = shared.sshd
    const state = newState()
    const [type, key] = readFileSync(`${folder}/host-key.pub`, 'utf8').split(
      ' ',
    )
    const line = `[127.0.0.1]:${port} ${type} ${key}\n`
    writeFileSync(join(state, 'known_hosts'), line)
    expect((await open(machine, state)).notices).toEqual([])
    expect(readFileSync(join(state, 'known_hosts'), 'utf8')).toBe(line)
  })

  // ssh reads the home of the user database, whatever HOME says; only root
  // may put another folder there for one process.
  test.runIf(isRoot)("honours the user's own known hosts", async () => {
    const { machine, folder, port } = shared.sshd
    const state = newState()
    const own = join(folder, 'own')
    mkdirSync(own, { recursive: true })
    const key = readFileSync(`${folder}/host-key.pub`, 'utf8')
    const home = (await execa('sh', ['-c', 'echo ~root'])).stdout
    const made = !existsSync(`${home}/.ssh`)
    mkdirSync(`${home}/.ssh`, { recursive: true, mode: 0o700 })
    try {
      const opened = (line: string) => {
        writeFileSync(join(own, 'known_hosts'), line)
        const inside = 'mount --bind "$1" "$2"; shift 2; exec "$@"'
        return execa(
          'unshare',
          [
            ...['-m', 'sh', '-c', inside, 'sh', own, `${home}/.ssh`],
            ...[process.execPath, program],
            ...[JSON.stringify(machine), state, 'echo here'],
          ],
          { reject: false },
        )
      }
      const known = await opened(`[127.0.0.1]:${port} ${key}`)
      expect(JSON.parse(known.stdout)).toMatchObject({
        stdout: 'here\n',
        notices: [],
      })
      expect(existsSync(join(state, 'known_hosts'))).toBe(false)

      await closeSsh([machine], state)
      await createKey(join(own, 'other'))
      const other = readFileSync(join(own, 'other.pub'), 'utf8')
      const changed = await opened(`[127.0.0.1]:${port} ${other}`)
      expect(changed.exitCode).toBe(1)
      expect(changed.stderr).toContain(
        'the host key is not the one seen before',
      )
    } finally {
      if (made) rmSync(`${home}/.ssh`, { recursive: true })
    }
  })

  test('uses the key that cluster.yaml names', async () => {
    const { machine, state } = shared.sshd
    const key = join(state, 'ssh', 'id_ed25519')
    const bare = join(folder, 'bare')
    mkdirSync(bare)
    const named = { ...machine, ssh: { ...machine.ssh, key } }
    expect((await open(named, bare)).stdout).toContain('127.0.0.1')
  })

  test('finds its key past an agent that is full of others', async () => {
    const { machine, state } = shared.sshd
    const socket = join(folder, 'agent')
    const agent = execa('ssh-agent', ['-D', '-a', socket], { reject: false })
    try {
      await vi.waitUntil(() => existsSync(socket), { timeout: 10_000 })
      const keys = Array.from({ length: 7 }, (_, i) => join(folder, `key${i}`))
      await Promise.all(keys.map(createKey))
      vi.stubEnv('SSH_AUTH_SOCK', socket)
      await execa('ssh-add', ['-q', ...keys])
      expect((await open(machine, state)).stdout).toContain('127.0.0.1')
    } finally {
      vi.stubEnv('SSH_AUTH_SOCK', undefined)
      agent.kill()
      await agent
    }
  })

  test('is shared by all who open the machine, until it is closed', async () => {
    const { machine, state } = shared.sshd
    const first = await open(machine, state)
    const second = await open(machine, state)
    // It names the port of our side, which is that of the connection.
    expect(second.stdout).toBe(first.stdout)
    expect(await isOpen(shared.sshd)).toBe(true)

    await closeSsh([machine], state)
    expect(await isOpen(shared.sshd)).toBe(false)
    const third = await open(machine, state)
    expect(third.stdout).not.toBe(first.stdout)
  })

  test('that was killed leaves a socket, and is opened anew', async () => {
    const { machine, state } = shared.sshd
    const first = await open(machine, state)
    process.kill(await masterOf(shared.sshd), 'SIGKILL')
    // On a busy host it can take another connection before it is gone.
    await vi.waitUntil(async () => !(await isOpen(shared.sshd)))
    expect(existsSync(controlPath(machine, state))).toBe(true)
    const second = await open(machine, state)
    expect(second.stdout).not.toBe(first.stdout)
    expect(await isOpen(shared.sshd)).toBe(true)
  })

  test('that is there, but no longer leads to root, says so', async () => {
    const { machine, state, folder } = shared.sshd
    await open(machine, state)
    const shell = join(folder, 'bin', 'sh')
    writeFileSync(
      shell,
      '#!/bin/bash\necho "sudo: a password is required" >&2; exit 1\n',
      { mode: 0o755 },
    )
    try {
      const { message } = await failureOf(open(machine, state))
      expect(message).toContain('sudo asks for a password')
    } finally {
      rmSync(shell)
    }
  })

  test('that is not there can be closed, too', async () => {
    await closeSsh([shared.sshd.machine], newState())
  })

  test('is opened by two processes at once', async () => {
    const { machine } = shared.sshd
    const state = newState()
    const processes = await Promise.all(
      [1, 2].map((number) => openAndRun(machine, state, `echo ${number}`)),
    )
    expect(processes.map(({ stdout }) => stdout)).toEqual(['1\n', '2\n'])
    const known = readFileSync(join(state, 'known_hosts'), 'utf8')
    expect(new Set(known.trim().split('\n')).size).toBe(1)
  })

  test('lets a script of ours end, though it stays open itself', async () => {
    const { machine, state } = shared.sshd
    // It has not closed anything; that it ends at all is the point.
    const { stdout } = await openAndRun(machine, state, 'echo done')
    expect(stdout).toBe('done\n')
    expect(await isOpen(shared.sshd)).toBe(true)
  })

  test('reaches a machine through another one', async () => {
    const { machine, port } = shared.sshd
    const state = newState()
    const { user } = machine.ssh
    // The key of the jump host is one that ssh itself tries: an agent's.
    const socket = join(folder, 'jump-agent')
    const agent = execa('ssh-agent', ['-D', '-a', socket], { reject: false })
    try {
      await vi.waitUntil(() => existsSync(socket), { timeout: 10_000 })
      vi.stubEnv('SSH_AUTH_SOCK', socket)
      await execa('ssh-add', ['-q', join(state, 'ssh', 'id_ed25519')])
      const jump = `${user}@127.0.0.1:${port}`
      const far = { ...machine, ssh: { ...machine.ssh, jump } }
      const direct = await open(machine, state)
      const through = await open(far, state)
      expect(through.stdout).toContain(`127.0.0.1 ${port}`)
      expect(through.stdout).not.toBe(direct.stdout)
      await closeSsh([far], state)
    } finally {
      vi.stubEnv('SSH_AUTH_SOCK', undefined)
      agent.kill()
      await agent
    }
  })

  test('says which machine to jump through does not let us', async () => {
    const { machine } = shared.sshd
    const ssh = { ...machine.ssh, jump: 'nobody@127.0.0.1:1' }
    const error = await failureOf(open({ ...machine, ssh }, newState()))
    expect(error.message).toContain('no way through nobody@127.0.0.1:1')
    expect(error).toMatchObject({
      next: [
        'can you log in there? ssh ssh://nobody@127.0.0.1:1',
        expect.stringContaining(`nc -vz 127.0.0.1 ${machine.ssh.port}`),
      ],
    })
  })

  test('has a socket of a short path, however long TMPDIR is', async () => {
    const { machine, state } = shared.sshd
    const long = join(folder, 'long'.repeat(30))
    mkdirSync(long)
    const before = process.env.TMPDIR
    try {
      vi.stubEnv('TMPDIR', long)
      await open(machine, state)
      expect(readdirSync(long)).toEqual([])
      // ssh replaces %C by 40 characters and adds 17 while it connects.
      const path = controlPath(machine, state).replace('%C', 'x'.repeat(57))
      expect(path.length).toBeLessThan(108)
      await closeSsh([machine], state)
    } finally {
      vi.stubEnv('TMPDIR', before)
    }
  })

  test('is never taken from a folder that others can write to', async () => {
    const { machine, state } = shared.sshd
    const sockets = join(controlPath(machine, state), '..')
    chmodSync(sockets, 0o777)
    try {
      const error = await failureOf(open(machine, state))
      expect(error.message).toContain('closed to others (mode 0700)')
    } finally {
      chmodSync(sockets, 0o700)
    }
  })

  test('is another one for another jump host', () => {
    const { machine, state } = shared.sshd
    const paths = [undefined, 'a', 'b'].map((jump) =>
      controlPath(
        { ...machine, ssh: { ...machine.ssh, ...(jump && { jump }) } },
        state,
      ),
    )
    expect(new Set(paths).size).toBe(3)
  })
})

function controlPath(machine: MachineEntry, state: string): string {
  const options = sshOptions(machine, state)
  const option = options.find((it) => it.startsWith('ControlPath='))
  return option?.slice('ControlPath='.length) ?? ''
}

/** Number of the process that keeps the connection. */
async function masterOf({ machine, state }: Sshd): Promise<number> {
  const arguments_ = ['-O', 'check', ...sshOptions(machine, state)]
  const { stderr } = await execa('ssh', arguments_)
  return Number(/pid=(\d+)/.exec(stderr)?.[1])
}

async function isOpen({ machine, state }: Sshd): Promise<boolean> {
  const arguments_ = ['-O', 'check', ...sshOptions(machine, state)]
  const { exitCode } = await execa('ssh', arguments_, { reject: false })
  return exitCode === 0
}

async function openAndRun(
  machine: MachineEntry,
  state: string,
  script: string,
) {
  const { stdout } = await execa(
    process.execPath,
    [program, JSON.stringify(machine), state, script],
    { timeout: 50_000 },
  )
  return JSON.parse(stdout)
}
