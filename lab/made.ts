import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { GuideError } from '../lib/errors.ts'
import { members } from './cgroup.ts'
import { labCgroup } from './names.ts'
import type { LabMachine } from './plan.ts'

const file = 'machine.json'

/** The folder of a machine: its disk, its console, what it was made with. */
export function machineFolder(directory: string, name: string): string {
  return join(directory, 'machines', name)
}

/** The cgroup of all processes of a machine. */
export function machineCgroup(cluster: string, name: string): string {
  return `${labCgroup(cluster)}/${name}`
}

/** File with what a machine printed on its console. */
export function consoleLog(directory: string, name: string): string {
  return join(machineFolder(directory, name), 'console.log')
}

/** Remembers with what a machine was made. */
export async function recordMade(
  folder: string,
  machine: LabMachine,
): Promise<void> {
  await writeFile(join(folder, file), JSON.stringify(machine))
}

/** @throws {GuideError} for a machine that was made with another address */
export function refuseChanged(folder: string, machine: LabMachine): void {
  const made: LabMachine = JSON.parse(readFileSync(join(folder, file), 'utf8'))
  if (made.address === machine.address && made.sshPort === machine.sshPort) {
    return
  }
  throw new GuideError(
    `${machine.name} was made with address ${made.address} and SSH port ` +
      `${made.sshPort}; cluster.yaml now says ${machine.address} and ` +
      `${machine.sshPort}`,
    ['take the lab down and up again, or put the old address back'],
  )
}

// By the first 15 characters, which is all that the kernel keeps.
const supervisors = ['systemd-nspawn', 'qemu-system-x86']

/** Whether the process that is the machine, or holds it, is alive. */
export function isRunning(cluster: string, machine: string): boolean {
  return supervisorsOf(cluster, machine).length > 0
}

/** The processes that a machine cannot be without: one, while it runs. */
export function supervisorsOf(cluster: string, machine: string): number[] {
  return members(machineCgroup(cluster, machine)).filter((pid) =>
    supervisors.includes(programOf(pid)),
  )
}

function programOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
  } catch {
    return ''
  }
}
