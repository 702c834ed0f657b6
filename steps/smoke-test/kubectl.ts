// kubectl, for what takes more than one request and one answer

import assert from 'node:assert/strict'
import { $ } from 'zx'
import { kubectlOf } from '../../lib/kubectl.ts'
import type { Operator } from '../../lib/operator.ts'
import type { Trial } from './trial.ts'

$.quiet = true
// On a socket, bash believes in a remote login, and runs the user's .bashrc.
$.stdio = ['ignore', 'pipe', 'pipe']

/** kubectl as the administrator, in the namespace of the trial. */
export function kubectl({ cluster, namespace }: Trial, operator: Operator) {
  const command = async () => [
    await kubectlOf(cluster),
    `--kubeconfig=${operator.path('kubeconfig/admin.yaml')}`,
    `--namespace=${namespace}`,
  ]

  return {
    // #region says
    /** What a command prints. */
    async says(...words: string[]): Promise<string> {
      const run = await $`${await command()} ${words}`.nothrow()
      assert.equal(run.exitCode, 0, `kubectl ${words.join(' ')}: ${run.stderr}`)
      return run.stdout.trim()
    },
    // #endregion says

    // #region forward
    /** What a pod answers at a port of this computer that leads to it. */
    async forwards(pod: string, request: string): Promise<string> {
      const forwarding = [...(await command()), 'port-forward', pod, ':8080']
      // It ends by itself in any case, even if nobody is left to end it.
      const forward = $`exec timeout 30 ${forwarding}`
      let answer = 'nothing'
      for await (const line of forward.nothrow()) {
        const [address] = /127\.0\.0\.1:\d+/.exec(line) ?? []
        if (!address) continue
        const asked = fetch(`http://${address}/${request}`)
        answer = await asked.then((response) => response.text()).catch(String)
        forward.child?.kill()
      }
      return answer
    },
    // #endregion forward
  }
}
