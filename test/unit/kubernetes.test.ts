import type { ServerResponse } from 'node:http'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import {
  ApiError,
  KubernetesApi,
  type Manifest,
  pathOf,
} from '../../lib/kubernetes.ts'
import { type Received, startTlsServer, type TlsServer } from './tls-server.ts'

let server: TlsServer
let api: KubernetesApi

beforeAll(async () => {
  server = await startTlsServer()
})
afterAll(() => server.stop())

beforeEach(() => {
  server.received = []
  api = clientOf([server.url])
})

function clientOf(servers: string[], token?: string): KubernetesApi {
  const authority = server.authority.certificate
  const { certificate, key } = server.client
  const identity = token ? { token } : { certificate, key }
  return new KubernetesApi(servers, { authority, ...identity })
}

function answerWith(status: number, body: unknown) {
  server.answer = (_, response) => {
    response.writeHead(status).end(JSON.stringify(body))
  }
}

function refusal(status: number, message: string) {
  answerWith(status, { kind: 'Status', status: 'Failure', message })
}

const config: Manifest = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'settings', namespace: 'default' },
  data: { a: '1' },
}
const path = '/api/v1/namespaces/default/configmaps/settings'

test.each<[string, string, string | undefined, string]>([
  ['v1', 'Node', undefined, '/api/v1/nodes/x'],
  ['v1', 'Pod', 'default', '/api/v1/namespaces/default/pods/x'],
  ['apps/v1', 'Deployment', 'a', '/apis/apps/v1/namespaces/a/deployments/x'],
  [
    'networking.k8s.io/v1',
    'NetworkPolicy',
    'a',
    '/apis/networking.k8s.io/v1/namespaces/a/networkpolicies/x',
  ],
  [
    'rbac.authorization.k8s.io/v1',
    'ClusterRole',
    undefined,
    '/apis/rbac.authorization.k8s.io/v1/clusterroles/x',
  ],
])('the path of a %s %s', (apiVersion, kind, namespace, expected) => {
  const metadata = { name: 'x', ...(namespace && { namespace }) }
  expect(pathOf({ apiVersion, kind, metadata })).toBe(expected)
})

test('a kind that the guide does not use has no path', () => {
  const metadata = { name: 'x' }
  expect(() => pathOf({ apiVersion: 'v1', kind: 'Nod', metadata })).toThrow(
    'No path is known for the kind Nod',
  )
})

test.each([
  { method: 'GET', query: '', asked: 2 },
  { method: 'PATCH', query: '', asked: 2 },
  { method: 'POST', query: '?dryRun=All', asked: 2 },
  { method: 'POST', query: '', asked: 1 },
] as const)(
  '$method$query is sent $asked times to a server that is busy',
  async ({ method, query, asked }) => {
    let late = true
    server.answer = (_, response) => {
      response.writeHead(late ? 504 : 200).end('{"message":"too late"}')
      late = false
    }
    const sent = api.send(method, path + query, config)
    if (asked === 1) await expect(sent).rejects.toThrow('504: too late')
    else await expect(sent).resolves.toBeDefined()
    expect(server.received).toHaveLength(asked)
  },
)

test.each([
  [401, 'npx zx steps/04-kubeconfigs.ts --verify'],
  [403, 'auth can-i --list'],
  [503, 'journalctl -u kube-apiserver'],
])('after an answer of %i it is said where to look', async (status, look) => {
  refusal(status, 'no')
  const error = await api.get(path).catch((reason) => reason)
  expect(error.next.join()).toContain(look)
})

test('an object is read by whom the certificate names', async () => {
  answerWith(200, config)
  expect(await api.get(path)).toEqual(config)
  expect(server.received).toMatchObject([
    { method: 'GET', path, body: '', client: 'admin' },
  ])
})

test('a token is shown where there is one', async () => {
  answerWith(200, config)
  await clientOf([server.url], 'abc.def').get(path)
  expect(server.received).toMatchObject([
    { headers: { authorization: 'Bearer abc.def' }, client: undefined },
  ])
})

test('an object that is not there is undefined, and no error', async () => {
  refusal(404, 'configmaps "settings" not found')
  expect(await api.get(path)).toBeUndefined()
})

test.each([
  [401, 'Unauthorized'],
  [403, 'configmaps "settings" is forbidden'],
  [409, 'the object has been modified'],
  [422, 'ConfigMap "settings" is invalid'],
  [500, 'etcdserver: no leader'],
])(
  '%i is an error that says what was asked and what came back',
  async (status, message) => {
    refusal(status, message)
    const error = await api.get(path).catch((reason) => reason)
    expect(error).toBeInstanceOf(ApiError)
    expect(error.status).toBe(status)
    expect(error.message).toBe(
      `GET ${path}: the API server answered ${status}: ${message}\n` +
        `  said by ${server.url}`,
    )
  },
)

test('an answer that is not JSON is shown as it is', async () => {
  server.answer = (_, response) => response.writeHead(503).end('not yet\n')
  await expect(api.get(path)).rejects.toThrow('answered 503: not yet')
})

test('a collection is the list of its objects', async () => {
  answerWith(200, { kind: 'ConfigMapList', items: [config] })
  expect(await api.list('/api/v1/configmaps')).toEqual([config])
})

/** A server that holds one object, as a real one would. */
function holding(before: object | undefined, after: object) {
  server.answer = ({ method }: Received, response: ServerResponse) => {
    const now = method === 'GET' ? before : after
    response.writeHead(now ? 200 : 404).end(JSON.stringify(now ?? {}))
  }
}

const revision = (resourceVersion: string, more = {}) => ({
  ...config,
  metadata: { ...config.metadata, resourceVersion, ...more },
})

test('a manifest is applied on the server, in our name', async () => {
  const after = revision('1')
  holding(undefined, after)
  expect(await api.apply(config)).toEqual({ changed: true, after })
  expect(server.received[1]).toMatchObject({
    method: 'PATCH',
    path: `${path}?fieldManager=kubernetes-from-scratch&force=true`,
    headers: { 'content-type': 'application/apply-patch+yaml' },
    body: JSON.stringify(config),
  })
})

test('a plan applies nothing', async () => {
  holding(undefined, revision('1'))
  await api.apply(config, { dryRun: true })
  expect(server.received[1]?.path).toMatch(/&dryRun=All$/)
})

test('what the server changes by itself is no change', async () => {
  const before = revision('1', { generation: 1, managedFields: [1] })
  const after = {
    ...revision('2', { generation: 2, managedFields: [2] }),
    status: { replicas: 3 },
  }
  holding(before, after)
  expect((await api.apply(config)).changed).toBe(false)
})

test.each([
  ['data', { data: { a: '2' } }],
  ['a label', { metadata: { ...config.metadata, labels: { a: 'b' } } }],
])('%s that differs is a change', async (_, fields) => {
  holding({ ...config, ...fields }, config)
  const result = await api.apply(config)
  expect(result).toMatchObject({ changed: true, after: config })
})

test('to delete says whether there was something', async () => {
  answerWith(200, config)
  expect(await api.delete(config)).toBe(true)
  expect(server.received[0]).toMatchObject({
    method: 'DELETE',
    path,
    body: '{"propagationPolicy":"Background"}',
  })
  await api.delete(config, { gracePeriodSeconds: 0 })
  expect(server.received[1]?.path).toBe(`${path}?gracePeriodSeconds=0`)
  refusal(404, 'not found')
  expect(await api.delete(config)).toBe(false)
  refusal(403, 'forbidden')
  await expect(api.delete(config)).rejects.toThrow('403: forbidden')
})

test('the next server is asked when one does not answer, and first then', async () => {
  const gone = await startTlsServer()
  await gone.stop()
  answerWith(200, config)
  api = clientOf([gone.url, server.url])
  expect(await api.get(path)).toEqual(config)
  expect(api.servers).toEqual([server.url, gone.url])
  expect(await api.get(path)).toEqual(config)
})

test('a server that refuses has answered: no other one is asked', async () => {
  refusal(403, 'forbidden')
  api = clientOf([server.url, 'https://127.0.0.1:1'])
  await expect(api.get(path)).rejects.toThrow('403: forbidden')
  expect(server.received).toHaveLength(1)
})

test('when none answers, each is named with its reason', async () => {
  const foreign = await startTlsServer()
  try {
    api = clientOf(['https://127.0.0.1:1', foreign.url])
    const error = await api.get(path).catch((reason) => reason)
    expect(error.message).toContain(`No API server answered GET ${path}`)
    expect(error.message).toMatch(/127\.0\.0\.1:1: .*ECONNREFUSED/)
    expect(error.message).toMatch(new RegExp(`${foreign.url}: .*(cert|verif)`))
    expect(error.next).toEqual([
      'is it running? systemctl status kube-apiserver on a control plane',
    ])
  } finally {
    await foreign.stop()
  }
})

test('text that is not JSON is read as it is', async () => {
  server.answer = (_, response) => response.end('line\n')
  expect(await api.text('GET', '/log')).toBe('line\n')
})
