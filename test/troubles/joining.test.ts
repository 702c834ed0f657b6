import { afterEach, vi } from 'vitest'
import { KubernetesApi } from '../../lib/kubernetes.ts'
import { approve } from '../../steps/kubelet/join.ts'
import { failureOf } from '../transport/session.ts'
import { startTlsServer } from '../unit/tls-server.ts'
import { test } from './printed.ts'

afterEach(() => vi.restoreAllMocks())

test('a kubelet that never asks is waited for in vain', async ({ prints }) => {
  const server = await startTlsServer()
  const identity = {
    authority: server.authority.certificate,
    ...server.client,
  }
  server.answer = (_, response) => response.end('{"items":[]}')
  const api = new KubernetesApi([server.url], identity)
  // It waits a minute: the clock says so when it looks for the second time.
  const start = performance.now()
  vi.spyOn(performance, 'now')
    .mockReturnValueOnce(start)
    .mockReturnValue(start + 61_000)
  const { message } = await failureOf(approve(api, 'worker-1', 'aaaaaa'))
  vi.restoreAllMocks()
  await server.stop()
  await prints(() => message)
})
