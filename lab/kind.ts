import { existsSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Lab } from '../lib/cluster.ts'
import type { LabKind } from '../lib/cluster-schema.ts'
import { GuideError } from '../lib/errors.ts'

const file = 'kind'

/**
 * The kind of a lab's machines: what they were made as, else what is asked for
 * now. So `up --vm` is said once, and `start`, `stop` and the next `up` know.
 *
 * @param directory the lab's folder
 * @param vm whether virtual machines were asked for on the command line
 * @throws {GuideError} when the machines that are there are of another kind
 */
export function labKind(directory: string, lab: Lab, vm: boolean): LabKind {
  const wanted = vm ? 'vm' : lab.machines
  const path = join(directory, file)
  if (!existsSync(path)) return wanted
  const made = readFileSync(path, 'utf8').trim() as LabKind
  const asked = vm || lab.machines === 'vm'
  if (made === wanted || !asked) return made
  throw new GuideError(
    `The machines of this lab were made as ${made}s, and now ${wanted}s are ` +
      'asked for',
    ['take them down first: npm run lab -- down'],
  )
}

/** Remembers the kind of the machines that are made now. */
export async function recordKind(
  directory: string,
  kind: LabKind,
): Promise<void> {
  await writeFile(join(directory, file), `${kind}\n`)
}
