// KFS_RECORD=1 npm run test:vm: what the virtual machines were is written down for the site.

import { aboutThisRun } from '../../commands/docs/about.ts'
import type { RecordedFault } from '../../commands/docs/faults.ts'
import {
  fingerprints,
  recordedFolder,
  sourcesOf,
  writeRecorded,
} from '../../commands/docs/recorded.ts'
import type { RecordedVirtual } from '../../commands/docs/virtual.ts'
import { loadCluster } from '../../lib/cluster.ts'
import { readPatience } from '../../lib/patience.ts'
import { stepFiles } from '../../lib/steps.ts'
import type { Guide } from './guide.ts'

/**
 * @param said what `lab up` printed
 * @param faults what was broken meanwhile
 */
export async function writeVirtual(
  guide: Guide,
  said: string,
  faults: RecordedFault[],
): Promise<void> {
  if (process.env.KFS_RECORD !== '1') return
  const system = await guide.on(
    'cp-1',
    '. /etc/os-release; echo "$PRETTY_NAME"',
  )
  const files = stepFiles().flatMap(({ file }) => sourcesOf(file))
  const recorded: RecordedVirtual = {
    ...(await aboutThisRun(loadCluster(guide.file), 'vm')),
    system: system.trim(),
    kernel: (await guide.on('cp-1', 'uname -r')).trim(),
    processor: said.includes('by KVM') ? 'KVM' : 'emulation',
    slower: readPatience(guide.directory),
    faults,
    sources: fingerprints([...new Set(files)]),
  }
  writeRecorded(recordedFolder, 'vm', recorded)
}
