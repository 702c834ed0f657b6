// KFS_RECORD=1: what the faults did is written down for the site to show.

import { aboutThisRun } from '../../../commands/docs/about.ts'
import type { RecordedFaults } from '../../../commands/docs/faults.ts'
import {
  recordedFolder,
  writeRecorded,
} from '../../../commands/docs/recorded.ts'
import { loadClusterFile } from '../../../lib/cluster.ts'
import type { Scene } from './scene.ts'

export async function writeFaults({ guide, results }: Scene): Promise<void> {
  if (process.env.KFS_RECORD !== '1') return
  const { cluster, lab } = loadClusterFile(guide.file)
  const recorded: RecordedFaults = {
    ...(await aboutThisRun(cluster, lab?.machines ?? 'your own')),
    faults: results,
  }
  writeRecorded(recordedFolder, 'faults', recorded)
}
