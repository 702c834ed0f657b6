// Who must not get in: tried, from where it would be tried. Beside every
// refusal somebody gets in who may, so none passes because nobody is there.

import { afterAll, beforeAll, describe } from 'vitest'
import type { Guide } from './guide.ts'
import { settingsAreAsSaid } from './hardening.ts'
import { strangersGetNothing } from './refusals/anonymous.ts'
import { tokensToJoinAreNarrow } from './refusals/bootstrap.ts'
import { etcdRefuses, secretsAreEncrypted } from './refusals/etcd.ts'
import { filesAreClosed } from './refusals/files.ts'
import { headersAreNotBelieved } from './refusals/front-proxy.ts'
import { enter, type Ground } from './refusals/ground.ts'
import { kubeletsRefuse } from './refusals/kubelets.ts'
import { nodesAreApart } from './refusals/nodes.ts'
import { objectsAreRefused, rightsAreFew } from './refusals/rights.ts'
import { portsAreAsSaid } from './refusals/sockets.ts'
import { tokensAreChecked } from './refusals/tokens.ts'
import { oldTlsIsRefused } from './refusals/versions.ts'

/**
 * Registers the tests of all refusals. They need a cluster that is up, with
 * two workers, and leave it as they found it.
 */
export function refusals(guide: Guide): void {
  describe('the cluster refuses', () => {
    let entered: Ground
    const ground = () => entered

    beforeAll(async () => {
      entered = await enter(guide)
    })

    afterAll(async () => {
      await entered?.leave()
    })

    describe('at etcd', () => {
      etcdRefuses(ground)
      secretsAreEncrypted(ground)
    })
    describe('at kubelets', () => kubeletsRefuse(ground))
    describe('who has no name', () => strangersGetNothing(ground))
    describe('who takes the name of another', () => {
      headersAreNotBelieved(ground)
    })
    describe('tokens', () => tokensAreChecked(ground))
    describe('who joins', () => tokensToJoinAreNarrow(ground))
    describe('a stolen node', () => nodesAreApart(ground))
    describe('ports', () => portsAreAsSaid(ground))
    describe('files', () => filesAreClosed(ground))
    describe('who has no right to', () => rightsAreFew(ground))
    describe('whoever asks for it', () => {
      objectsAreRefused(ground)
      oldTlsIsRefused(ground)
    })
    settingsAreAsSaid(ground)
  })
}
