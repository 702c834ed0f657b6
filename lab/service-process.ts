import { rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { GuideError } from '../lib/errors.ts'
import { sh } from '../lib/shell.ts'
import { killCgroup, members } from './cgroup.ts'
import { launch } from './launch.ts'
import { labCgroup } from './names.ts'
import { insideNetwork } from './network.ts'
import type { LabPlan } from './plan.ts'
import { tail } from './root-command.ts'
import { packagesPort, type ServicesConfig } from './services.ts'

const program = join(import.meta.dirname, 'services.ts')

/**
 * Has the process of the lab's services running, with the configuration that
 * is wanted now.
 *
 * @throws {GuideError} with the end of its log when it does not come up
 */
export async function startServices(
  plan: LabPlan,
  packages: string,
): Promise<void> {
  const { gateway, outside, artifacts, owner } = plan
  const config: ServicesConfig = {
    ...{ gateway, outside, packages, artifacts, owner },
  }
  const wanted = JSON.stringify(config)
  const record = join(plan.directory, 'services.json')
  const log = join(plan.directory, 'services.log')
  const cgroup = `${labCgroup(plan.cluster)}/_services`
  const found = await readFile(record, 'utf8').catch(() => '')
  const runs = members(cgroup).length > 0
  if (!runs || found !== wanted) {
    await killCgroup(cgroup)
    rmSync(log, { force: true })
    await launch(
      cgroup,
      sh`${insideNetwork(plan.network)} ${process.execPath} ${program} ${wanted}`,
      log,
    )
    writeFileSync(record, wanted)
  }
  await untilOpen(gateway, cgroup, log)
}

async function untilOpen(gateway: string, cgroup: string, log: string) {
  const end = performance.now() + 60_000
  while (performance.now() < end && members(cgroup).length > 0) {
    if (await isOpen(gateway, packagesPort)) return
    await sleep(30)
  }
  throw new GuideError(
    "The lab's services (packages, mirror, DNS) did not start\n  " +
      tail(await readFile(log, 'utf8').catch(() => '')),
    [`the whole log: ${log}`],
  )
}

function isOpen(host: string, port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = createConnection({ host, port, timeout: 500 })
  socket.on('connect', () => resolve(true))
  socket.on('error', () => resolve(false))
  socket.on('timeout', () => resolve(false))
  return promise.finally(() => socket.destroy())
}
