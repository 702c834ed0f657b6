import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { until } from '../../../lib/wait.ts'
import { approve, invitation, joinTokens } from '../../../steps/kubelet/join.ts'
import { type Ground, places } from './ground.ts'
import { approvalOf, requestFor, requests, signers } from './requests.ts'

/** What the token of a machine that joins is good for. */
export function tokensToJoinAreNarrow(ground: () => Ground): void {
  const made: string[] = []
  const expires = (seconds: number) =>
    new Date(Date.now() + seconds * 1000).toISOString().replace(/\.\d+/, '')

  /** A token as step 10 makes it, that ends when it is said to. */
  async function join(seconds = 600) {
    const { api, asks, cluster, operator } = ground()
    const { id, manifest } = invitation(cluster, operator)
    Object.assign(manifest.stringData, { expiration: expires(seconds) })
    await api.apply(manifest)
    const token = `${id}.${manifest.stringData['token-secret']}`
    // The API server looks tokens up in what it has heard of, a little later.
    if (seconds > 0) {
      await until('the API server knows the token', async () => {
        return (await asks({ token }, 'GET /api')).status === 200
      })
    }
    return { id, token }
  }

  /** Has the token ask for a certificate. */
  async function ask(
    token: string,
    commonName: string,
    organization = 'system:nodes',
    signer = signers.kubelet,
  ) {
    const name = `refusals-${made.length}`
    const subject = { commonName, organization }
    const body = await requestFor({ name }, subject, signer)
    const { status, text } = await ground().asks(
      { token },
      `POST ${requests}`,
      { body },
    )
    expect(status, text).toBe(201)
    made.push(name)
    return `${requests}/${name}`
  }

  afterEach(async () => {
    const { api } = ground()
    for (const name of made.splice(0)) {
      await api.send('DELETE', `${requests}/${name}`)
    }
    for (const { metadata } of await joinTokens(api)) {
      await api.delete({ apiVersion: 'v1', kind: 'Secret', metadata })
    }
  })

  test('a join token may ask for a certificate, and nothing else', async () => {
    const { asks, api } = ground()
    const { token } = await join()
    const path = await ask(token, 'system:node:worker-9')
    const request = await api.get(path)
    expect(request?.status.conditions).toBeUndefined()
    for (const what of [
      ...['GET /api/v1/nodes', 'GET /api/v1/pods'],
      'GET /api/v1/namespaces/kube-system/secrets',
      `DELETE ${path}`,
    ]) {
      expect((await asks({ token }, what)).status, what).toBe(403)
    }
    const approval = request && approvalOf(request)
    const options = { body: approval }
    const { status } = await asks({ token }, `PUT ${path}/approval`, options)
    expect(status).toBe(403)
  })

  test.each(places)('%s gets no further with a join token', async (place) => {
    const { from, server } = ground()
    const statusOf = async (path: string, token: string) =>
      (await from[place].ask(server + path, { token })).status
    const { id, token } = await join()
    expect(await statusOf('/api', token)).toBe(200)
    for (const path of [
      ...['/api/v1/nodes', '/api/v1/pods'],
      '/api/v1/namespaces/kube-system/secrets',
    ]) {
      expect(await statusOf(path, token), path).toBe(403)
    }
    expect(await statusOf('/api', `${id}.0123456789abcdef`)).toBe(401)
  })

  test('a join token that has expired opens nothing', async () => {
    const { asks } = ground()
    const statusOf = async (token: string) =>
      (await asks({ token }, 'GET /api')).status
    // It was good when it was made.
    const { token } = await join(5)
    // The API server remembers for ten seconds that a token was right.
    await sleep(5_000)
    await expect
      .poll(() => statusOf(token), { timeout: 15_000, interval: 500 })
      .toBe(401)
    const old = await join(-1)
    expect(await statusOf(old.token)).toBe(401)
    const [id] = token.split('.')
    expect(await statusOf(`${id}.0123456789abcdef`)).toBe(401)
  })

  test('a join token is not good for another name', async () => {
    const { api, other } = ground()
    const wrong = [
      [`system:node:${other.name}`, 'system:nodes', signers.kubelet],
      ['system:node:worker-9', 'system:nodes', signers.client],
      ['kubernetes-admin', 'cluster-admins', signers.client],
    ] as const
    for (const [name, group, signer] of wrong) {
      const { id, token } = await join()
      const path = await ask(token, name, group, signer)
      await expect(approve(api, 'worker-9', id)).rejects.toThrow()
      const request = await api.get(path)
      expect(request?.status, `${name} by ${signer}`).toEqual({})
    }
    const { id, token } = await join()
    const path = await ask(token, 'system:node:worker-9')
    await approve(api, 'worker-9', id)
    await expect
      .poll(async () => (await api.get(path))?.status.certificate, {
        timeout: 30_000,
      })
      .toBeDefined()
  })
}
