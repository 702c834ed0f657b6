import { execa } from 'execa'
import { architectureHere } from '../../lib/artifacts/artifact.ts'
import type { Cluster, Lab } from '../../lib/cluster.ts'
import { seconds } from '../../lib/report.ts'
import { fillCache } from './fill-cache.ts'
import { interrupted } from './interrupt.ts'
import type { Session } from './session.ts'

/**
 * Makes the machines of a lab, and meanwhile fills the operator's cache with
 * what they will need.
 *
 * @returns names of the machines that were made now
 * @throws {GuideError} what the lab or the cache threw
 */
export async function makeMachines(
  cluster: Cluster,
  lab: Lab,
  {
    yes,
    vm = false,
    session,
  }: { yes: boolean; vm?: boolean; session: Session },
): Promise<string[]> {
  const { screen, log, signal } = session
  const report = (line: string) => {
    log.write(line)
    screen.print(line)
  }
  const stop = new AbortController()
  const fill = async () => {
    const began = performance.now()
    // The lab's mirror serves this very cache: it has nothing to add.
    const sources = cluster.artifacts.sources.filter((s) => s !== 'mirror')
    const needs = { ...cluster, artifacts: { sources } }
    const fresh = await fillCache(needs, architectureHere(), {
      signal: AbortSignal.any([signal, stop.signal]),
    })
    const found = fresh === 0 ? 'cached' : `${fresh} new`
    const took = seconds(performance.now() - began)
    report(`✓ programs and images (${found})  ${took}`)
  }
  // Loaded here: who brings machines of their own needs nothing of the lab.
  const { labUp } = await import('../../lab/up.ts')
  const make = () =>
    Promise.race([
      labUp(cluster.file, { yes, vm, report }),
      interrupted(signal),
    ]).catch((error) => {
      stop.abort(error)
      throw error
    })

  if (await mayAsk(cluster, lab, { yes, vm })) {
    const { created } = await make()
    await fill()
    return created
  }
  const [machines, filling] = await Promise.allSettled([make(), fill()])
  if (machines.status === 'rejected') throw machines.reason
  if (filling.status === 'rejected') throw filling.reason
  return machines.value.created
}

// A question of sudo, or about packages, must not drown in progress.
async function mayAsk(
  cluster: Cluster,
  lab: Lab,
  { yes, vm }: { yes: boolean; vm: boolean },
): Promise<boolean> {
  if (!process.stdin.isTTY) return false
  const { inspectHost } = await import('../../lab/requirements.ts')
  const { labPlan } = await import('../../lab/plan.ts')
  const { lacks } = await inspectHost(labPlan(cluster, lab, '', { vm }))
  if (lacks.length > 0 && !yes) return true
  if (process.getuid?.() === 0) return false
  const { exitCode } = await execa('sudo', ['-n', 'true'], { reject: false })
  return exitCode !== 0
}
