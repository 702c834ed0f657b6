import { expect, test } from 'vitest'
import type { Manifest } from '../../../lib/kubernetes.ts'
import type { Machine } from '../../../lib/machine.ts'
import { type Ground, namespace } from './ground.ts'

const rbac = '/apis/rbac.authorization.k8s.io/v1'

/** What would let somebody get further: a verb, and RESOURCE/SUB.GROUP. */
const further: readonly [verb: string, what: string][] = [
  ['get', 'secrets'],
  ['list', 'secrets'],
  ['watch', 'secrets'],
  ['create', 'pods'],
  ['create', 'pods/exec'],
  ['create', 'persistentvolumes'],
  ['create', 'serviceaccounts/token'],
  ['get', 'nodes/proxy'],
  ['impersonate', 'users'],
  ['create', 'deployments.apps'],
  ['bind', 'clusterroles.rbac.authorization.k8s.io'],
  ['escalate', 'clusterroles.rbac.authorization.k8s.io'],
  ['create', 'clusterrolebindings.rbac.authorization.k8s.io'],
  ['update', 'certificatesigningrequests/approval.certificates.k8s.io'],
  ['create', 'mutatingwebhookconfigurations.admissionregistration.k8s.io'],
  ['create', 'validatingwebhookconfigurations.admissionregistration.k8s.io'],
]

/** Who may do what, as the cluster is when nobody has added a rule. */
export function rightsAreFew(ground: () => Ground): void {
  async function may(
    who: { user: string; groups: string[] },
    [verb, what]: readonly [string, string],
  ): Promise<boolean> {
    const [, resource = '', sub = '', group = ''] =
      /^(\w+)(?:\/(\w+))?(?:\.(.+))?$/.exec(what) ?? []
    const { status } = await ground().api.send(
      'POST',
      '/apis/authorization.k8s.io/v1/subjectaccessreviews',
      {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        spec: {
          ...who,
          resourceAttributes: {
            ...{ verb, group, resource },
            ...(sub && { subresource: sub }),
          },
        },
      },
    )
    return status.allowed
  }

  test('who is in no rule may do nothing that leads further', async () => {
    const known = 'system:authenticated'
    const accounts = 'system:serviceaccounts'
    const none = [
      { user: 'alice', groups: [known] },
      {
        user: `system:serviceaccount:${namespace}:default`,
        groups: [accounts, `${accounts}:${namespace}`, known],
      },
      { user: 'system:anonymous', groups: ['system:unauthenticated'] },
    ]
    const admin = { user: 'anybody', groups: ['cluster-admins', known] }
    for (const what of further) {
      for (const who of none) {
        expect(await may(who, what), `${who.user} ${what}`).toBe(false)
      }
      expect(await may(admin, what), `admin ${what}`).toBe(true)
    }
  })

  test('administrators alone may do everything', async () => {
    const { api } = ground()
    const bindings = [
      ...(await api.list(`${rbac}/clusterrolebindings`)),
      ...(await api.list(`${rbac}/rolebindings`)),
    ]
    const subjects = bindings
      .filter(({ roleRef }) => roleRef.name === 'cluster-admin')
      .flatMap(({ subjects }) => subjects)
      .map(({ kind, name }) => `${kind} ${name}`)
    expect(subjects.sort()).toEqual([
      'Group cluster-admins',
      'Group system:masters',
    ])
  })

  test('no role of ours allows all there is', async () => {
    const { api } = ground()
    const roles = [
      ...(await api.list(`${rbac}/clusterroles`)),
      ...(await api.list(`${rbac}/roles`)),
    ].filter(
      ({ metadata }) => !metadata.labels?.['kubernetes.io/bootstrapping'],
    )
    expect(roles.map(({ metadata }) => metadata.name)).toContain(
      'system:coredns',
    )
    for (const { metadata, rules } of roles) {
      expect(JSON.stringify(rules), metadata.name).not.toContain('"*"')
    }
  })

  test('nothing of ours runs as a default account', async () => {
    const { api } = ground()
    const pods = await api.list('/api/v1/pods')
    expect(pods.length).toBeGreaterThan(2)
    const lazy = pods.filter(
      ({ spec }) =>
        !spec.serviceAccountName || spec.serviceAccountName === 'default',
    )
    expect(lazy.map(({ metadata }) => metadata.name)).toEqual([])
    const bindings = [
      ...(await api.list(`${rbac}/clusterrolebindings`)),
      ...(await api.list(`${rbac}/rolebindings`)),
    ]
    const bound = bindings.filter(({ subjects = [] }) =>
      subjects.some(
        (it: { kind: string; name: string }) =>
          it.kind === 'ServiceAccount' && it.name === 'default',
      ),
    )
    expect(bound).toEqual([])
  })

  test('the namespace default holds what Kubernetes puts there', async () => {
    const { api } = ground()
    const names = async (kind: string) => {
      const found = await api.list(`/api/v1/namespaces/default/${kind}`)
      return found.map(({ metadata }) => metadata.name)
    }
    expect(await names('services')).toEqual(['kubernetes'])
    expect(await names('serviceaccounts')).toEqual(['default'])
    expect(await names('configmaps')).toEqual(['kube-root-ca.crt'])
    expect(await names('pods')).toEqual([])
    expect(await names('secrets')).toEqual([])
  })

  test('no login is left in a Secret', async () => {
    const secrets = await ground().api.list('/api/v1/secrets')
    const logins = secrets.filter(({ type }) => /\/(.*-)?token$/.test(type))
    expect(logins.map(({ metadata }) => metadata.name)).toEqual([])
    expect(secrets.length).toBeGreaterThan(1)
  })
}

/** What is refused to administrators, too. */
export function objectsAreRefused(ground: () => Ground): void {
  const dry = `/api/v1/namespaces/${namespace}`
  const post = (kind: string, body: Manifest) =>
    ground().asks(
      ground().operator.pair('cluster/admin'),
      `POST ${dry}/${kind}?dryRun=All`,
      { body },
    )

  test('a pod that could take over its machine is refused, each way', async () => {
    const pod = (spec: object, container = {}) => ({
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'thief' } },
      spec: { containers: [{ name: 'x', image: 'x', ...container }], ...spec },
    })
    const inContainer = (securityContext: object) =>
      pod({}, { securityContext })
    const thieves = {
      privileged: inContainer({ privileged: true }),
      'processes of the machine': pod({ hostPID: true }),
      'memory of the machine': pod({ hostIPC: true }),
      'network of the machine': pod({ hostNetwork: true }),
      'disk of the machine': pod({
        volumes: [{ name: 'root', hostPath: { path: '/' } }],
      }),
      'port of the machine': pod(
        {},
        { ports: [{ containerPort: 80, hostPort: 80 }] },
      ),
      'a Windows host process': pod({
        hostNetwork: true,
        securityContext: { windowsOptions: { hostProcess: true } },
      }),
      'a capability more': inContainer({
        capabilities: { add: ['SYS_ADMIN'] },
      }),
      'every system call': inContainer({
        seccompProfile: { type: 'Unconfined' },
      }),
    }
    expect((await post('pods', pod({}))).status).toBe(201)
    for (const [what, thief] of Object.entries(thieves)) {
      const { status, text } = await post('pods', thief)
      expect(status, `${what}: ${text}`).toBe(403)
      expect(text, what).toContain('violates PodSecurity')
    }
  })

  test('a Service may not claim an address of somebody else', async () => {
    const service = (more: object) => ({
      ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'thief' } },
      spec: { ports: [{ port: 443 }], ...more },
    })
    expect((await post('services', service({}))).status).toBe(201)
    const claims = service({ externalIPs: ['192.0.2.1'] })
    expect((await post('services', claims)).status).toBe(403)
  })

  test('the audit log has who read a Secret, and not the Secret', async () => {
    const { asks, alice, operator, controlPlanes, taken } = ground()
    // The one that is asked from here.
    const [server] = controlPlanes as [Machine]
    const what = `GET ${dry}/secrets/of-${taken.name}`
    expect((await asks(alice, what)).status).toBe(403)
    const read = await asks(operator.pair('cluster/admin'), what)
    expect(read.status).toBe(200)
    const word = `for pods on ${taken.name}`
    const stored = Buffer.from(word).toString('base64')
    expect(read.text).toContain(stored)
    const log = '/var/log/kubernetes/audit.log'
    for (const user of ['alice', 'kubernetes-admin']) {
      const seen = `"username":"${user}".*"name":"of-${taken.name}"`
      await expect
        .poll(() => server.test`grep --quiet ${seen} ${log}`, {
          timeout: 10_000,
        })
        .toBe(true)
    }
    const holds = (text: string) =>
      server.test`grep --quiet --fixed-strings ${text} ${log}`
    expect(await holds(word)).toBe(false)
    expect(await holds(stored)).toBe(false)
  })
}
