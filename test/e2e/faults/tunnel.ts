// The balancer of a machine listens on that machine alone; SSH leads there.

import { type ChildProcess, spawn } from 'node:child_process'
import { createServer } from 'node:net'
import type { MachineEntry } from '../../../lib/cluster.ts'
import { sshOptions } from '../../../lib/ssh.ts'

/** A port of this computer that leads to one of a machine's loopback. */
export interface Tunnel {
  port: number
  close(): void
}

/** Opens a tunnel, and again whenever the machine has been away. */
export async function openTunnel(
  machine: MachineEntry,
  directory: string,
  remotePort: number,
): Promise<Tunnel> {
  const port = await freePort()
  let closed = false
  let child: ChildProcess
  const open = () => {
    child = spawn(
      'ssh',
      [
        // A connection of its own, that notices quickly when nobody is there.
        ...['-N', '-o', 'ControlPath=none', '-o', 'ControlMaster=no'],
        ...['-o', 'ServerAliveInterval=1', '-o', 'ServerAliveCountMax=3'],
        ...['-o', 'ConnectTimeout=1', '-o', 'ExitOnForwardFailure=yes'],
        ...['-L', `127.0.0.1:${port}:127.0.0.1:${remotePort}`],
        ...sshOptions(machine, directory),
      ],
      { stdio: 'ignore' },
    )
    child.once('close', () => {
      if (!closed) setTimeout(open, 200)
    })
  }
  open()
  return {
    port,
    close() {
      closed = true
      child.kill()
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  const { promise, resolve } = Promise.withResolvers<number>()
  server.once('listening', () => {
    const address = server.address()
    server.close(() =>
      resolve(typeof address === 'object' ? (address?.port ?? 0) : 0),
    )
  })
  return promise
}
