// npm run artifacts: fills the operator's cache with all that machines need.

import {
  type Architecture,
  architectureHere,
  architectures,
} from '../lib/artifacts/artifact.ts'
import { artifactsFolder } from '../lib/artifacts/cache.ts'
import { loadCluster } from '../lib/cluster.ts'
import { GuideError } from '../lib/errors.ts'
import { printable } from '../lib/flags.ts'
import { seconds } from '../lib/report.ts'
import { readArguments } from './shared/arguments.ts'
import { command } from './shared/command.ts'
import { fillCache } from './shared/fill-cache.ts'
import { Interrupted, interruption } from './shared/interrupt.ts'

const usage = `usage: npm run artifacts -- [options]
  Has every program and image of the cluster's versions in the cache of this
  computer, from the sources that cluster.yaml names.
  --arch ARCH      amd64 or arm64: of the machines; default as this computer
  --cluster FILE   the cluster; default cluster.yaml, or $CLUSTER`

await command(async () => {
  const { values, clusterFile } = readArguments(usage, {
    arch: { type: 'string' },
  })
  const architecture = architectureOf(values.arch)
  const cluster = loadCluster(clusterFile)
  const signal = interruption()
  const began = performance.now()
  const fresh = await fillCache(cluster, architecture, { signal }).catch(
    (error) => {
      if (!signal.aborted) throw error
      throw new Interrupted('Interrupted; what is complete stays in the cache')
    },
  )
  const took = seconds(performance.now() - began)
  console.log(
    fresh === 0
      ? `✓ everything was there: ${artifactsFolder()}  ${took}`
      : `✓ ${fresh} files new in ${artifactsFolder()}  ${took}`,
  )
  return 0
})

function architectureOf(given: string | undefined): Architecture | undefined {
  if (given === undefined) return architectureHere()
  const known = architectures.find((it) => it === given)
  if (known) return known
  const allowed = architectures.join(' or ')
  throw new GuideError(`--arch: found ${printable(given)}, allowed: ${allowed}`)
}
