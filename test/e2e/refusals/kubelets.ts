import { expect, test } from 'vitest'
import { type Ground, namespace, places } from './ground.ts'

/** Whoever may use the port of a kubelet owns the pods of its machine. */
export function kubeletsRefuse(ground: () => Ground): void {
  test.each(places)(
    'kubelets refuse %s that may not use them',
    async (place) => {
      const { cluster, machines, operator, alice, stolen, from } = ground()
      const { port } = cluster.ports.kubelet
      for (const { name, address } of machines) {
        const pods = `https://${address}:${port}/pods`
        const exec =
          `https://${address}:${port}` +
          `/exec/${namespace}/${name}/pod?command=id&output=1`
        const statusOf = async (url: string, who = {}) =>
          (await from[place].ask(url, who)).status
        for (const url of [pods, exec]) {
          expect(await statusOf(url), `nobody: ${url}`).toBe(401)
          expect(
            await statusOf(url, { token: 'abcdef.0123456789abcdef' }),
          ).toBe(401)
          expect(await statusOf(url, alice), `alice: ${url}`).toBe(403)
          expect(await statusOf(url, stolen), `a node: ${url}`).toBe(403)
        }
        const server = operator.pair('cluster/kube-apiserver-kubelet-client')
        expect(await statusOf(pods, server), name).toBe(200)
      }
    },
  )

  test('the token of a pod opens no kubelet, not even its own', async () => {
    const { cluster, taken, api, from } = ground()
    const account = `pod-on-${taken.name}`
    const { status } = await api.send(
      'POST',
      `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`,
      {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: {},
      },
    )
    const url = `https://${taken.address}:${cluster.ports.kubelet.port}/pods`
    const said = await from['a pod'].ask(url, { token: status.token })
    // Known, so the token was right, and not allowed.
    expect(said.status).toBe(403)
    expect(said.text).toContain(account)
  })
}
