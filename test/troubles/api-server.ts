import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll } from 'vitest'
import { ask } from '../../lib/https.ts'
import { kubeconfig } from '../../lib/kubeconfig.ts'
import { createAuthority, issue, type Pair } from '../../lib/pki.ts'
import { policies } from '../../steps/api-server/policies.ts'
import { freePort } from '../transport/sshd.ts'
import { member } from './etcd-member.ts'
import { printedBy, start } from './programs.ts'

/** An API server on loopback, with an etcd and nothing else of a cluster. */
export interface ApiServer {
  url: string
  authority: Pair
  /** What kubectl prints, as the administrator if nobody else is named. */
  kubectl(args: readonly string[], ask?: Asking): Promise<string>
}

/** Who asks, and with which objects. */
export interface Asking {
  as?: Pair
  objects?: readonly object[]
}

/**
 * Starts one, with the policies of step 06; it is stopped when the tests of
 * the file have ended.
 *
 * @param folder where it keeps its files
 */
export async function startApiServer(folder: string): Promise<ApiServer> {
  const etcd = await member(folder, 'etcd')
  etcd.start([etcd])
  const authority = await createAuthority({ commonName: 'ca', days: 1 })
  const of = { authority, days: 1 }
  const [serving, admin] = await Promise.all([
    issue({
      ...{ ...of, commonName: 'kube-apiserver' },
      ...{ addresses: ['127.0.0.1'], usages: ['server'] },
    }),
    issue({
      ...{ ...of, commonName: 'admin', usages: ['client'] },
      organizations: ['system:masters'],
    }),
  ])
  const tokens = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const files: Record<string, string> = {
    ...policies,
    'ca.crt': authority.certificate,
    'serving.crt': serving.certificate,
    'serving.key': serving.key,
    'tokens.pub': tokens.publicKey
      .export({ type: 'spki', format: 'pem' })
      .toString(),
    'tokens.key': tokens.privateKey
      .export({ type: 'pkcs8', format: 'pem' })
      .toString(),
  }
  const at = (name: string) => join(folder, name)
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(at(name), text, { mode: 0o600 })
  }
  const port = await freePort()
  const flags = {
    'bind-address': '127.0.0.1',
    'secure-port': port,
    // It would publish its address, and may not publish one of loopback.
    'endpoint-reconciler-type': 'none',
    'etcd-servers': etcd.url,
    'tls-cert-file': at('serving.crt'),
    'tls-private-key-file': at('serving.key'),
    'client-ca-file': at('ca.crt'),
    'authentication-config': at('authentication.yaml'),
    'authorization-config': at('authorization.yaml'),
    'admission-control-config-file': at('admission.yaml'),
    'service-cluster-ip-range': '10.32.0.0/24',
    'service-account-issuer': 'https://kubernetes.default.svc',
    'service-account-key-file': at('tokens.pub'),
    'service-account-signing-key-file': at('tokens.key'),
  }
  const server = start(
    'kube-apiserver',
    Object.entries(flags).map(([name, value]) => `--${name}=${value}`),
  )
  afterAll(() => server.stop())
  const url = `https://127.0.0.1:${port}`
  await untilReady(url, authority, server.said)

  let callers = 0
  return {
    ...{ url, authority },
    async kubectl(args, { as = admin, objects } = {}) {
      const file = at(`kubeconfig-${callers++}`)
      const known = { clusterName: 'c', user: 'u', server: url }
      const trusted = { ...known, authority: authority.certificate }
      writeFileSync(file, kubeconfig({ ...trusted, ...as }), { mode: 0o600 })
      const cache = at(`kubectl-${callers}`)
      mkdirSync(cache)
      const list = { apiVersion: 'v1', kind: 'List', items: objects }
      return printedBy(
        'kubectl',
        ['--kubeconfig', file, '--cache-dir', cache, ...args],
        objects && JSON.stringify(list),
      )
    },
  }
}

async function untilReady(
  url: string,
  { certificate }: Pair,
  said: () => string,
) {
  const limit = Date.now() + 150_000
  for (;;) {
    const question = { authority: certificate }
    const answer = await ask(`${url}/readyz`, question).catch(() => undefined)
    if (answer?.status === 200) return
    if (Date.now() > limit) throw new Error(`it is not ready:\n${said()}`)
    await sleep(200)
  }
}
