import { afterAll, expect, test } from 'vitest'
import { imageOf } from '../../../lib/install.ts'
import { type Ground, namespace, path, podOn } from './ground.ts'
import { approvalOf, requestFor, requests, signers } from './requests.ts'

const merge = 'application/merge-patch+json'
const dry = '?dryRun=All'

/** What somebody gets who has taken over one worker. */
export function nodesAreApart(ground: () => Ground): void {
  /** Sends something as the node that was taken over. */
  const send = (request: string, body?: unknown, type?: string) =>
    ground().asks(ground().stolen, request, {
      ...(body !== undefined && { body }),
      ...(type && { type }),
    })
  const statusOf = async (...args: Parameters<typeof send>) =>
    (await send(...args)).status

  test('a stolen node reads the Secrets of its own pods alone', async () => {
    const { taken, other } = ground()
    const secrets = `${path}/secrets`
    expect(await statusOf(`GET ${secrets}/of-${taken.name}`)).toBe(200)
    expect(await statusOf(`GET ${secrets}/of-${other.name}`)).toBe(403)
    expect(await statusOf(`GET ${secrets}`)).toBe(403)
    expect(await statusOf('GET /api/v1/secrets')).toBe(403)
    const kubernetes = '/api/v1/namespaces/kube-system'
    expect(await statusOf(`GET ${kubernetes}/secrets`)).toBe(403)
  })

  test('it changes itself, no other node, and not what it is', async () => {
    const { taken, other } = ground()
    const patch = (node: string, body: object) =>
      statusOf(`PATCH /api/v1/nodes/${node}${dry}`, body, merge)
    const label = (name: string) => ({ metadata: { labels: { [name]: 'x' } } })
    expect(await patch(taken.name, label('example.test/free'))).toBe(200)
    expect(await patch(other.name, label('example.test/free'))).toBe(403)
    for (const name of [
      'node-role.kubernetes.io/control-plane',
      'node-restriction.kubernetes.io/trusted',
      'kubernetes.io/anything',
    ]) {
      expect(await patch(taken.name, label(name)), name).toBe(403)
    }
    const taints = [{ key: 'x', effect: 'NoSchedule' }]
    expect(await patch(taken.name, { spec: { taints } })).toBe(403)
    const lease =
      '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases'
    const free = label('example.test/free')
    const touch = (name: string) =>
      statusOf(`PATCH ${lease}/${name}${dry}`, free, merge)
    expect(await touch(taken.name)).toBe(200)
    expect(await touch(other.name)).toBe(403)
    const status = `/api/v1/nodes/${other.name}/status${dry}`
    expect(await statusOf(`PATCH ${status}`, free, merge)).toBe(403)
    for (const { name } of [taken, other]) {
      expect(await statusOf(`DELETE /api/v1/nodes/${name}${dry}`)).toBe(403)
    }
  })

  test('it ends its own pods, no others, and makes none', async () => {
    const { cluster, taken, other } = ground()
    const pod = (name: string) => `${path}/pods/${name}`
    expect(await statusOf(`DELETE ${pod(taken.name)}${dry}`)).toBe(200)
    expect(await statusOf(`DELETE ${pod(other.name)}${dry}`)).toBe(403)
    const label = { metadata: { labels: { x: 'x' } } }
    const status = `${pod(other.name)}/status${dry}`
    expect(await statusOf(`PATCH ${status}`, label, merge)).toBe(403)
    const exec = `${pod(taken.name)}/exec?command=id&container=pod`
    expect(await statusOf(`POST ${exec}`)).toBe(403)
    // The way to Secrets of others: a pod of its own that names them.
    const thief = podOn(other, imageOf('agnhost', cluster))
    thief.metadata.name = 'thief'
    thief.spec.nodeName = taken.name
    expect(await statusOf(`POST ${path}/pods${dry}`, thief)).toBe(403)
    const mark = { 'kubernetes.io/config.mirror': 'x' }
    thief.metadata.annotations = mark
    expect(await statusOf(`POST ${path}/pods${dry}`, thief)).toBe(403)
  })

  test('it gets tokens for the pods on it, and for no others', async () => {
    const { api, taken, other } = ground()
    const token = async (account: string, bound?: string) => {
      const pod = bound && (await api.get(`${path}/pods/${bound}`))
      const reference = pod && {
        ...{ apiVersion: 'v1', kind: 'Pod', name: bound },
        uid: pod.metadata.uid,
      }
      return statusOf(
        `POST ${path}/serviceaccounts/pod-on-${account}/token${dry}`,
        {
          apiVersion: 'authentication.k8s.io/v1',
          kind: 'TokenRequest',
          spec: { ...(reference && { boundObjectRef: reference }) },
        },
      )
    }
    expect(await token(taken.name, taken.name)).toBe(201)
    expect(await token(taken.name)).toBe(403)
    expect(await token(other.name, other.name)).toBe(403)
    expect(await token(other.name, taken.name)).toBe(403)
  })

  test('it renews its certificate, and gets none for another name', async () => {
    const { api, taken, other } = ground()
    const nodes = 'system:nodes'
    const ask = async (
      name: string,
      commonName: string,
      organization: string,
      signer?: string,
    ) => {
      const metadata = { name: `refusals-${name}` }
      const subject = { commonName, organization }
      const body = await requestFor(metadata, subject, signer)
      return send(`POST ${requests}`, body)
    }
    const own = `system:node:${taken.name}`
    const another = `system:node:${other.name}`
    const { client } = signers
    expect((await ask('other', another, nodes)).status).toBe(403)
    const masters = await ask('masters', 'x', 'system:masters', client)
    expect(masters.status).toBe(403)
    // These may be asked for. Nobody says yes.
    const admin = await ask(
      'admin',
      'kubernetes-admin',
      'cluster-admins',
      client,
    )
    expect(admin.status).toBe(201)
    expect((await ask('disguised', another, nodes, client)).status).toBe(201)
    expect((await ask('own', own, nodes)).status).toBe(201)
    await expect
      .poll(() => certificateOf('own'), { timeout: 30_000 })
      .toBeDefined()
    for (const name of ['admin', 'disguised']) {
      const where = `${requests}/refusals-${name}`
      const request = await api.get(where)
      expect(request?.status).toEqual({})
      const yes = request && approvalOf(request)
      expect(await statusOf(`PUT ${where}/approval`, yes)).toBe(403)
      expect(await certificateOf(name)).toBeUndefined()
    }

    async function certificateOf(name: string) {
      const request = await api.get(`${requests}/refusals-${name}`)
      return request?.status.certificate
    }
  })

  test('it cannot make itself more than a node', async () => {
    const { taken, asks, stolen } = ground()
    const rbac = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings'
    const own = `system:node:${taken.name}`
    const binding = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'refusals' },
      roleRef: {
        ...{ apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole' },
        name: 'cluster-admin',
      },
      subjects: [
        { apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: own },
      ],
    }
    expect(await statusOf(`POST ${rbac}${dry}`, binding)).toBe(403)
    for (const user of ['kubernetes-admin', `system:node:${taken.name}-2`]) {
      const headers = { 'impersonate-user': user }
      const { status } = await asks(stolen, 'GET /api', { headers })
      expect(status, user).toBe(403)
    }
    const review = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
    }
    const reviews = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'
    const may = async (verb: string, resource: string, group = '') => {
      const resourceAttributes = { verb, resource, group, namespace }
      const spec = { resourceAttributes }
      const { text } = await send(`POST ${reviews}`, { ...review, spec })
      return JSON.parse(text).status.allowed
    }
    expect(await may('list', 'services')).toBe(true)
    // Of pods it lists those on it, and must say so.
    expect(await may('list', 'pods')).toBe(false)
    expect(await may('list', 'secrets')).toBe(false)
    expect(await may('create', 'serviceaccounts')).toBe(false)
    expect(await may('create', 'deployments', 'apps')).toBe(false)
    expect(await may('*', '*', '*')).toBe(false)
  })

  afterAll(async () => {
    const { api } = ground()
    for (const { metadata } of await api.list(requests)) {
      if (!metadata.name.startsWith('refusals-')) continue
      await api.send('DELETE', `${requests}/${metadata.name}`)
    }
  })
}
