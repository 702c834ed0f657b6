import { execa } from 'execa'
import type { Cluster, MachineEntry } from '../lib/cluster.ts'
import { readPatience, writePatience } from '../lib/patience.ts'
import { quote } from '../lib/shell.ts'
import { sshOptions } from '../lib/ssh.ts'
import type { Report } from './task.ts'

// The same work for a machine and for this host: nothing but a processor.
const work = `
  began=$(date +%s%N)
  for ((i = 0; i < 200000; i++)); do :; done
  echo $(($(date +%s%N) - began))`

/**
 * Measures how many times slower than this host the machines are, all of them
 * at work at once, and has the steps wait that many times longer.
 */
export async function measurePatience(
  cluster: Cluster,
  report: Report,
): Promise<void> {
  // On a socket, bash believes in a remote login, and runs the user's .bashrc.
  const here = Number((await execa('bash', ['--norc', '-c', work])).stdout)
  const there = await Promise.all(
    cluster.machines.map((machine) => timeOn(machine, cluster.directory)),
  )
  const factor = Math.max(1, ...there.map((time) => time / here))
  writePatience(cluster.directory, factor)
  const shown = readPatience(cluster.directory)
  report(`✓ the machines are ${shown} times slower than this host`)
}

async function timeOn(machine: MachineEntry, directory: string) {
  const entry = {
    ...machine,
    ssh: { ...machine.ssh, user: machine.ssh.user ?? 'root' },
  }
  const { stdout } = await execa('ssh', [
    ...sshOptions(entry, directory),
    `bash -c ${quote(work)}`,
  ])
  return Number(stdout)
}
