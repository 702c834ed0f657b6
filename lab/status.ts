import { keyPath } from './keys.ts'
import { loadLab } from './lab-file.ts'
import { isRunning } from './made.ts'

/** A lab machine, and how to reach it. */
export interface LabMachineStatus {
  name: string
  address: string
  user: string
  port: number
  /** Path of the private key. */
  key: string
  running: boolean
}

/**
 * What the machines of a cluster.yaml are doing. Needs no root.
 *
 * @example
 * labStatus('cluster.yaml').every(({ running }) => running)
 */
export function labStatus(clusterFile: string): LabMachineStatus[] {
  const { cluster } = loadLab(clusterFile)
  return cluster.machines.map(({ name, address, ssh }) => ({
    name,
    address,
    user: ssh.user ?? 'root',
    port: ssh.port ?? 22,
    key: ssh.key ?? keyPath(cluster.directory),
    running: isRunning(cluster.name, name),
  }))
}

/** Renders a status as a table. */
export function renderStatus(machines: readonly LabMachineStatus[]): string {
  const rows = [
    ['NAME', 'ADDRESS', 'USER', 'PORT', 'RUNNING'],
    ...machines.map(({ name, address, user, port, running }) => [
      ...[name, address, user, String(port)],
      running ? 'yes' : 'no',
    ]),
  ]
  const widths = rows[0]?.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  )
  return rows
    .map((row) =>
      row.map((cell, column) => cell.padEnd(widths?.[column] ?? 0)).join('  '),
    )
    .map((line) => line.trimEnd())
    .join('\n')
}
