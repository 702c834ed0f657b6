// npm run -s kubectl -- get nodes: the cluster's own kubectl, as its
// administrator. All arguments are kubectl's, which has a --cluster of its
// own, so the cluster is selected by $CLUSTER alone:
//   CLUSTER=single.yaml npm run -s kubectl -- get nodes

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { clusterFileFromArguments, loadCluster } from '../lib/cluster.ts'
import { kubectlOf } from '../lib/kubectl.ts'
import { adminKubeconfig } from './shared/admin-kubeconfig.ts'
import { clusterFlag } from './shared/arguments.ts'
import { command } from './shared/command.ts'

await command(async () => {
  const cluster = loadCluster(clusterFileFromArguments([], process.env))
  const kubeconfig = adminKubeconfig(
    cluster,
    clusterFlag({ cluster: process.env.CLUSTER }),
  )
  const program = await kubectlOf(cluster)
  // Ctrl-C is for kubectl, and for what it runs in a pod.
  for (const name of ['SIGINT', 'SIGQUIT'] as const) process.on(name, () => {})
  const child = spawn(program, process.argv.slice(2), {
    stdio: 'inherit',
    cwd: whereTyped(),
    env: { ...process.env, KUBECONFIG: kubeconfig },
  })
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  const [code, signal] = await once(child, 'close')
  return code ?? 128 + constants.signals[signal as NodeJS.Signals]
})

// npm runs scripts in the repository, but `apply -f app.yaml` names a file
// where the reader is.
function whereTyped(): string {
  const { npm_lifecycle_event: script, INIT_CWD: typed } = process.env
  return (script === 'kubectl' && typed) || process.cwd()
}
