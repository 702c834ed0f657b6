// npm run up: machines if they are the lab's, then every step.

import { loadClusterFile } from '../lib/cluster.ts'
import { requireMembers } from '../lib/members.ts'
import { seconds } from '../lib/report.ts'
import { openState } from '../lib/state.ts'
import { stepFiles } from '../lib/steps.ts'
import { clusterFlag, npmRun, readArguments } from './shared/arguments.ts'
import { command } from './shared/command.ts'
import { makeMachines } from './shared/make-machines.ts'
import { resultOf, runSteps } from './shared/run-steps.ts'
import { beginSession } from './shared/session.ts'

const usage = `usage: npm run up -- [options]
  Builds the cluster of cluster.yaml: makes its machines if the file has
  \`lab\`, then runs every step. Run again, it changes what is missing.
  --yes            install Debian packages that the lab needs, unasked
  --vm             virtual machines, whatever cluster.yaml says
  --no-verify      leave out the checks of the steps
  --verbose        print all that the steps print
  --cluster FILE   the cluster; default cluster.yaml, or $CLUSTER`

const boolean = { type: 'boolean', default: false } as const

await command(async () => {
  const { values, clusterFile } = readArguments(usage, {
    yes: boolean,
    vm: boolean,
    'no-verify': boolean,
    verbose: boolean,
  })
  const { yes, vm, verbose } = values
  const { cluster, lab } = loadClusterFile(clusterFile)
  requireMembers(cluster, openState(cluster, false))
  openState(cluster)
  const session = beginSession(cluster, { changes: true })
  const started = performance.now()

  const again = npmRun('up', [
    yes && '--yes',
    vm && '--vm',
    values['no-verify'] && '--no-verify',
    verbose && '--verbose',
    clusterFlag(values),
  ])
  const created = lab
    ? await makeMachines(cluster, lab, { yes, vm, session })
    : []
  const { total } = await runSteps(
    {
      ...{ clusterFile, verb: 'apply', steps: stepFiles(), verbose },
      flags: values['no-verify'] ? ['--no-verify'] : [],
      resume: () => again,
    },
    session,
  )
  const { screen } = session
  const time = seconds(performance.now() - started)
  const same = total.changes === 0 && created.length === 0
  screen.print(
    same
      ? `\n${cluster.name} is up, and was before: nothing was changed  ${time}`
      : `\n${cluster.name} is up  ${time}  ${resultOf('apply', total)}`,
  )
  screen.print(howToUse(cluster.directory, clusterFlag(values)))
  return 0
})

function howToUse(directory: string, flag: string | undefined): string {
  const quoted = flag?.replace('--cluster ', '')
  const lines = [
    ...(quoted
      ? [[`export CLUSTER=${quoted}`, 'for every command below']]
      : []),
    ['npm run -s kubectl -- get nodes', 'with the kubectl of this cluster'],
    ['export KUBECONFIG=$(npm run -s kubeconfig)', 'for a kubectl of your own'],
    ['npm run steps -- --verify', 'runs the checks of every step'],
    ['npm run down', `removes it all, and ${directory}`],
  ]
  const width = Math.max(...lines.map(([line = '']) => line.length))
  const rendered = lines.map(([line = '', what]) => {
    return `  ${line.padEnd(width)}   # ${what}`
  })
  return ['', ...rendered].join('\n')
}
