// npm run down: removes the machines of a lab, and what belonged to them.

import { existsSync } from 'node:fs'
import { rm, rmdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Cluster, loadClusterFile } from '../lib/cluster.ts'
import { GuideError } from '../lib/errors.ts'
import { openState } from '../lib/state.ts'
import { clusterFlag, npmRun, readArguments } from './shared/arguments.ts'
import { command } from './shared/command.ts'
import { holdLock } from './shared/session.ts'

const usage = `usage: npm run down -- [options]
  Removes the machines of a cluster.yaml that has \`lab\`, and the cluster's
  state folder: the keys of machines that are gone open nothing. Caches stay.
  --cluster FILE   the cluster; default cluster.yaml, or $CLUSTER`

await command(async () => {
  const { values, clusterFile } = readArguments(usage, {})
  const { cluster, lab } = loadClusterFile(clusterFile)
  if (!lab) throw notOurs(cluster, clusterFlag(values))
  const { directory } = cluster
  const hadState = existsSync(directory)
  openState(cluster, false) // refuses the folder of another cluster
  holdLock(directory)

  const { labDown } = await import('../lab/down.ts')
  const { removed } = await labDown(cluster.file, { report: passNotes })
  await rm(directory, { recursive: true })
  await rmdir(dirname(directory)).catch(() => undefined) // others' may stay
  const all = [...removed, ...(hadState ? [directory] : [])]
  console.log(
    all.length ? `✓ removed ${all.join(', ')}` : '✓ nothing to remove',
  )
  return 0
})

// The lab's own last line is part of ours.
function passNotes(line: string): void {
  if (!line.startsWith('✓')) console.log(line)
}

function notOurs({ file }: Cluster, flag: string | undefined): GuideError {
  const undo = ['--undo', '--from 01', '--forget', flag]
  return new GuideError(
    `${file} has no \`lab\`: its machines are yours, and are not removed`,
    [`to take everything off them again: ${npmRun('steps', undo)}`],
  )
}
