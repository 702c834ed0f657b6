import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { GuideError } from '../lib/errors.ts'
import { loadLab } from './lab-file.ts'
import { consoleLog } from './made.ts'
import { labPlan } from './plan.ts'
import { machinesNamed } from './power.ts'

/**
 * The file with what a machine printed on its console, over all its starts.
 *
 * @throws {GuideError} for a machine that cluster.yaml does not have, or that
 * never printed anything
 */
export function consoleFile(clusterFile: string, name?: string): string {
  const { cluster, lab } = loadLab(clusterFile)
  machinesNamed(cluster, name ? [name] : [])
  const plan = labPlan(cluster, lab, '')
  const file = plan.machines
    .filter((machine) => machine.name === name)
    .map(({ name }) => consoleLog(plan.directory, name))
    .find((path) => existsSync(path))
  if (file) return file
  throw new GuideError(`${name} has not been started yet`, [
    'npm run lab -- up',
  ])
}

/**
 * Prints a console, and what comes next if it is to be followed.
 *
 * @returns exit code
 */
export async function printConsole(
  file: string,
  { follow }: { follow: boolean },
): Promise<number> {
  // By name: the file is a new one after `down` and `up`.
  const options = follow ? ['--follow=name', '--retry'] : []
  const child = spawn('tail', ['--lines=+1', ...options, '--', file], {
    stdio: 'inherit',
  })
  const [code, signal] = await once(child, 'close')
  return code ?? 128 + constants.signals[signal as NodeJS.Signals]
}
