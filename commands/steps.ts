// npm run steps: runs a range of steps against any cluster.yaml.

import { relative } from 'node:path'
import { loadCluster } from '../lib/cluster.ts'
import { requireMembers } from '../lib/members.ts'
import { seconds } from '../lib/report.ts'
import { openState } from '../lib/state.ts'
import { type StepFile, stepFiles } from '../lib/steps.ts'
import { clusterFlag, npmRun, readArguments } from './shared/arguments.ts'
import { command } from './shared/command.ts'
import { resultOf, runSteps } from './shared/run-steps.ts'
import { selectSteps, selectUndo } from './shared/select.ts'
import { beginSession } from './shared/session.ts'
import { flagOf, verbOf } from './shared/verb.ts'

const usage = `usage: npm run steps -- [options]
  --from NN        the first step; default the first there is
  --to NN          the last step; default the last there is
one of
  --plan           show what would change, and change nothing
  --verify         run the checks alone
  --undo           take back what the steps did, the last step first
                     --cascade  and before them what later steps did
                     --forget   and remove keys and data, too
  --drill          prove what the steps promise by disturbing it
and
  --no-verify      apply without the checks
  --verbose        print all that the steps print
  --cluster FILE   the cluster; default cluster.yaml, or $CLUSTER`

const boolean = { type: 'boolean', default: false } as const

await command(async () => {
  const { values, clusterFile } = readArguments(usage, {
    from: { type: 'string' },
    to: { type: 'string' },
    plan: boolean,
    verify: boolean,
    undo: boolean,
    drill: boolean,
    cascade: boolean,
    forget: boolean,
    'no-verify': boolean,
    verbose: boolean,
  })
  const verb = verbOf(values, usage)
  const { from, to, cascade, forget } = values
  const all = stepFiles()
  const changes = verb !== 'plan' && verb !== 'verify'
  selectSteps(all, { from, to }) // a wrong number, before all else
  const cluster = loadCluster(clusterFile)
  if (verb !== 'undo') requireMembers(cluster, openState(cluster, false))
  const state = openState(cluster, changes)
  const session = beginSession(cluster, { changes })
  const steps =
    verb === 'undo'
      ? selectUndo(all, { from, to }, state, { cascade, forget })
      : selectSteps(all, { from, to })

  const options = [
    ...flagOf(verb),
    ...(forget ? ['--forget'] : []),
    ...(values['no-verify'] ? ['--no-verify'] : []),
  ]
  const resume = ({ number }: StepFile) =>
    npmRun('steps', [
      ...options,
      verb === 'undo' ? from && `--from ${from}` : `--from ${number}`,
      verb === 'undo' ? `--to ${number}` : to && `--to ${to}`,
      values.verbose && '--verbose',
      clusterFlag(values),
    ])
  const { total, milliseconds } = await runSteps(
    {
      ...{ clusterFile, verb, steps, flags: options, resume },
      // A plan is what was asked for, not how it went.
      verbose: values.verbose || verb === 'plan',
    },
    session,
  )
  const count = `${steps.length} ${steps.length === 1 ? 'step' : 'steps'}`
  session.screen.print(
    `${count}  ${seconds(milliseconds)}  ${resultOf(verb, total)}`,
  )
  if (values.verbose) {
    session.screen.print(`log: ${relative('', session.log.file)}`)
  }
  return 0
})
