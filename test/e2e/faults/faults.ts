// What is broken, and how many seconds a client may have to wait for it at the
// most. That is for a client that is stuck, which waits for ever: hosts of CI
// are slow and busy, and how long it took is in the recording. Twenty where
// nobody has to notice anything, more where a leader has to be found, or where
// machines have to boot.

import assert from 'node:assert/strict'
import { diskFull } from './disk.ts'
import { drillsOfSteps, provenIn } from './drills.ts'
import * as machines from './machines.ts'
import { networkCut } from './network.ts'
import * as programs from './programs.ts'
import type { Scene } from './scene.ts'
import { slowMachine } from './slow.ts'

export const faults: [string, number, (scene: Scene) => Promise<string>][] = [
  ['the drills of all steps', 20, drills],
  ['a member of etcd killed again and again', 20, programs.memberKilled],
  ['the leader of etcd killed', 30, programs.leaderKilled],
  ['every API server stopped in turn', 20, programs.apiServersStopped],
  ['kubelet, containerd, HAProxy killed', 20, programs.nodeProgramsKilled],
  ['a control plane killed with its machine', 40, machines.memberMachineKilled],
  ['a control plane powered off', 30, machines.controlPlaneStopped],
  ['a control plane cut off from the others', 40, networkCut],
  ['the disk of a member of etcd full', 20, diskFull],
  ['a machine that answers slowly', 30, slowMachine],
  ['a worker killed with its machine', 20, machines.workerLost],
  ['all machines powered off at once', 300, machines.allStopped],
]

async function drills({ guide }: Scene): Promise<string> {
  const said = await guide.npm('steps', '--drill')
  const proven = provenIn(said)
  assert.deepEqual(proven, drillsOfSteps(), said)
  const count = Object.values(proven).reduce((sum, one) => sum + one, 0)
  await guide.stepsChangeNothing()
  return `${count} drills passed`
}
