// npm run -s kubeconfig: prints the path of the administrator's kubeconfig.

import { loadCluster } from '../lib/cluster.ts'
import { adminKubeconfig } from './shared/admin-kubeconfig.ts'
import { clusterFlag, readArguments } from './shared/arguments.ts'
import { command } from './shared/command.ts'

const usage = `usage: npm run -s kubeconfig -- [options]
  Prints the path of the administrator's kubeconfig:
  export KUBECONFIG=$(npm run -s kubeconfig)
  --cluster FILE   the cluster; default cluster.yaml, or $CLUSTER`

await command(() => {
  const { values, clusterFile } = readArguments(usage, {})
  const cluster = loadCluster(clusterFile)
  console.log(adminKubeconfig(cluster, clusterFlag(values)))
  return 0
})
