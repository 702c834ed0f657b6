import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { beforeAll, describe, expect, onTestFinished } from 'vitest'
import { createAuthority, issue } from '../../lib/pki.ts'
import { temporaryFolder } from '../transport/session.ts'
import { freePort } from '../transport/sshd.ts'
import { type ApiServer, startApiServer } from './api-server.ts'
import { test } from './printed.ts'
import { lackOf, printedBy } from './programs.ts'

const programs = ['etcd', 'kube-apiserver', 'kubectl']

describe.skipIf(lackOf(programs))('an API server', () => {
  const folder = temporaryFolder()
  let api: ApiServer

  beforeAll(async () => {
    api = await startApiServer(folder)
  })

  test('that is not there refuses the connection', async ({ prints }) => {
    const server = `https://127.0.0.1:${await freePort()}`
    await prints(() => api.kubectl(['--server', server, 'get', 'nodes']))
  })

  test('knows nobody of another authority', async ({ prints }) => {
    const authority = await createAuthority({ commonName: 'ca', days: 1 })
    const admin = { commonName: 'admin', usages: ['client'] } as const
    const as = await issue({ authority, days: 1, ...admin })
    await prints(() => api.kubectl(['get', 'nodes'], { as }))
  })

  test('lets nobody do what no rule allows', async ({ prints }) => {
    const { authority } = api
    const jane = { commonName: 'jane', usages: ['client'] } as const
    const as = await issue({ authority, days: 1, ...jane })
    await prints(() => api.kubectl(['get', 'nodes'], { as }))
  })

  test('admits no pod that could take over a machine', async ({ prints }) => {
    const metadata = { name: 'default', namespace: 'default' }
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata }
    await api.kubectl(['create', '-f', '-'], { objects: [account] })
    const pod = {
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'strong' } },
      spec: { hostPID: true, containers: [{ name: 'a', image: 'a' }] },
    }
    await prints(() => api.kubectl(['create', '-f', '-'], { objects: [pod] }))
  })

  test('finds nobody behind a Service without pods', async ({ prints }) => {
    const service = {
      ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'empty' } },
      spec: { selector: { app: 'empty' }, ports: [{ port: 80 }] },
    }
    await api.kubectl(['create', '-f', '-'], { objects: [service] })
    const path = '/api/v1/namespaces/default/services/empty/proxy/'
    await prints(() => api.kubectl(['get', '--raw', path]))
  })

  test('has no figures that nobody measures', async ({ prints }) => {
    await prints(() => api.kubectl(['top', 'nodes']))
  })

  test('waits in vain for a webhook that is silent', async ({ prints }) => {
    // It takes connections, and never says a word.
    const sockets: Socket[] = []
    const silent = createServer((socket) => sockets.push(socket))
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as AddressInfo
    const webhook = {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: 'silent' },
      webhooks: [
        {
          ...{ name: 'silent.example.com', sideEffects: 'None' },
          ...{ admissionReviewVersions: ['v1'], timeoutSeconds: 1 },
          clientConfig: { url: `https://127.0.0.1:${port}/` },
          rules: [
            {
              ...{ apiGroups: [''], apiVersions: ['v1'] },
              ...{ resources: ['configmaps'], operations: ['CREATE'] },
            },
          ],
        },
      ],
    }
    onTestFinished(async () => {
      await api.kubectl(['delete', webhook.kind, webhook.metadata.name])
      for (const socket of sockets) socket.destroy()
      silent.close()
    })
    const said = await api.kubectl(['create', '-f', '-'], {
      objects: [webhook],
    })
    expect(said).toContain('created')
    const create = ['create', 'configmap', 'asked-about', '--dry-run=server']
    await prints(() => api.kubectl(create))
  })

  /** What another prints that is started with these flags, and ends. */
  const startedWith = (...flags: string[]) =>
    printedBy('kube-apiserver', [
      ...['--etcd-servers=http://127.0.0.1:1', `--cert-dir=${folder}`],
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${join(folder, 'tokens.pub')}`,
      `--service-account-signing-key-file=${join(folder, 'tokens.key')}`,
      ...['--service-cluster-ip-range=10.32.0.0/24', ...flags],
    ])

  test('stops at a flag that is gone', async ({ prints }) => {
    // Guides for older versions have it.
    await prints(() => startedWith('--insecure-port=0'))
  })

  test('stops at a file that is missing', async ({ prints }) => {
    const file = join(folder, 'encryption-config.yaml')
    await prints(() => startedWith(`--encryption-provider-config=${file}`))
  })

  test('stops at a port that another holds', async ({ prints }) => {
    const { port } = new URL(api.url)
    const flags = ['--bind-address=127.0.0.1', `--secure-port=${port}`]
    await prints(() => startedWith(...flags))
  })
})
