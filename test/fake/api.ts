import { X509Certificate } from 'node:crypto'
import { stringify } from 'yaml'
import type { Answer, Question } from '../../lib/https.ts'
import type { Manifest } from '../../lib/kubernetes.ts'
import { describe } from '../../lib/pki.ts'
import { runs, settle } from './kubelet.ts'
import type { FakeMachine, World } from './world.ts'

const configuration = '/etc/kubernetes/api-server'
const admins =
  '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/cluster-admins'

/**
 * Answers as the API servers on the fake machines would: only where one runs,
 * by the certificates that lie there, and only to who may ask. It keeps
 * objects, merges what is applied, and knows nothing of their kinds.
 */
export function fakeApi(world: World) {
  return async (address: string, question: Question = {}): Promise<Answer> => {
    const url = new URL(address)
    world.reach()
    settle(world.state)
    const machine = world.state.machines[url.hostname]
    const isUp = machine && runs(world.state, 'kube-apiserver', [machine])
    if (!isUp || url.port !== '6443') {
      throw new Error(`connect ECONNREFUSED ${url.host}`)
    }
    const user = whoAsks(machine, question)
    const mayAsk =
      user.groups.includes('system:masters') ||
      (user.groups.includes('cluster-admins') && admins in world.state.objects)
    if (!mayAsk) return answer(403, { message: `${user.name} may not` })
    const body = question.body && JSON.parse(question.body)
    return serve(world, user.name, question.method ?? 'GET', url, body)
  }
}

// The handshake: each side looks at the certificate of the other.
function whoAsks({ files }: FakeMachine, question: Question) {
  const { ca, cert } = question.agent?.options ?? {}
  const authority = String(question.authority ?? ca)
  const client = String(question.certificate ?? cert ?? '')
  const serving = files[`${configuration}/serving.crt`]?.content ?? ''
  const trusted = files[`${configuration}/ca.crt`]?.content ?? ''
  if (!isSignedBy(serving, authority)) {
    throw new Error('unable to verify the first certificate')
  }
  if (!client || !isSignedBy(client, trusted)) {
    throw new Error('the fake API knows no anonymous callers')
  }
  const { commonName: name, organizations: groups } = describe(client)
  return { name, groups }
}

// The same few certificates are shown in every request.
const verdicts = new Map<string, boolean>()

function isSignedBy(certificate: string, authority: string): boolean {
  const both = certificate + authority
  const known = verdicts.get(both)
  if (known !== undefined) return known
  const { publicKey } = new X509Certificate(authority)
  const verdict = new X509Certificate(certificate).verify(publicKey)
  verdicts.set(both, verdict)
  return verdict
}

function serve(
  world: World,
  user: string,
  method: string,
  { pathname, searchParams }: URL,
  body: Manifest,
): Answer {
  const { objects } = world.state
  const path = pathname.replace(/\/(approval|status)$/, '')
  const found = objects[path] ?? born(world, path)
  const label = `${body?.kind ?? ''} ${path.replace(/.*\//, '')}`.trim()
  switch (method) {
    case 'GET': {
      if (found) return answer(200, found)
      if (isItem(path)) return answer(404, { message: 'not found' })
      const label = searchParams.get('labelSelector') ?? ''
      return answer(200, { items: listOf(world, path, label) })
    }
    case 'PATCH': {
      const before = structuredClone(found)
      const after = merge(before ?? {}, withoutStrings(body)) as Manifest
      after.metadata.uid ??= `uid of ${path}`
      const changed = JSON.stringify(before) !== JSON.stringify(after)
      if (changed && !searchParams.has('dryRun')) {
        world.log('API', `apply ${label}, as ${user}\n${show(body)}`)
        world.change(() => {
          objects[path] = after
        })
      }
      return answer(200, after)
    }
    case 'PUT': {
      if (!found) return answer(404, { message: 'not found' })
      world.log('API', `approve ${found.kind}, as ${user}`)
      world.change(() => {
        objects[path] = body
      })
      return answer(200, body)
    }
    case 'DELETE': {
      if (!objects[path]) return answer(404, { message: 'not found' })
      world.log(
        'API',
        `delete ${objects[path].kind} ${path.replace(/.*\//, '')}`,
      )
      world.change(() => delete objects[path])
      return answer(200, {})
    }
  }
  throw new Error(`The fake API does not know ${method} ${pathname}`)
}

// What Kubernetes makes by itself, as far as a step looks at it.
function born(world: World, path: string): Manifest | undefined {
  const object = (kind: string, more: object): Manifest => {
    const name = path.replace(/.*\//, '')
    return { apiVersion: 'v1', kind, metadata: { name }, ...more }
  }
  const managed = runs(world.state, 'kube-controller-manager')
  if (path.endsWith('/serviceaccounts/default') && managed) {
    return object('ServiceAccount', {})
  }
  const lease = /\/leases\/(.+)$/.exec(path)?.[1]
  if (lease) {
    const machines = Object.values(world.state.machines)
    const leader = machines.find((it) => runs(world.state, lease, [it]))
    const holderIdentity = leader && `${leader.name}_1`
    const renewTime = new Date().toISOString()
    const spec = { holderIdentity, renewTime, leaseDurationSeconds: 15 }
    return object('Lease', { spec })
  }
  return undefined
}

function isItem(path: string): boolean {
  const [, root = '', ...parts] = path.split('/')
  // After version and namespace: kind, then a name.
  const inside = parts.slice(root === 'api' ? 1 : 2)
  const spaced = inside[0] === 'namespaces' && inside.length > 2
  return inside.length === (spaced ? 4 : 2)
}

function listOf(world: World, path: string, label: string): Manifest[] {
  const [key = '', value] = label.split('=')
  return Object.entries(world.state.objects)
    .filter(([other]) => other.slice(0, other.lastIndexOf('/')) === path)
    .filter(([, { metadata }]) => {
      const found = metadata.labels?.[key]
      return key === '' || (value ? found === value : found !== undefined)
    })
    .map(([, object]) => object)
}

function answer(status: number, body: object): Answer {
  return { status, headers: {}, text: JSON.stringify(withStatus(body)) }
}

// Deployments are available as soon as there are nodes.
function withStatus(object: object): object {
  const { kind, spec } = object as Partial<Manifest>
  if (kind !== 'Deployment') return object
  return { ...object, status: { availableReplicas: spec.replicas } }
}

function merge(old: unknown, wanted: unknown): unknown {
  const isMap = (value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
  if (!isMap(old) || !isMap(wanted)) return structuredClone(wanted)
  const merged = { ...(old as object) } as Record<string, unknown>
  for (const [key, value] of Object.entries(wanted as object)) {
    merged[key] = merge(merged[key], value)
  }
  return merged
}

// Undefined fields are not sent; numbers are as JSON has them.
function withoutStrings(body: Manifest): Manifest {
  return JSON.parse(JSON.stringify(body))
}

function show(body: Manifest): string {
  return stringify(body, { lineWidth: 0 }).trimEnd().replace(/^/gm, '  | ')
}
