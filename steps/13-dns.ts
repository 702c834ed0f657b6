// 13 DNS: names for Services and pods
// Runs on: the API · Needs: 12 · Leaves: CoreDNS, two replicas

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { imageOf } from '../lib/install.ts'
import { probes } from '../lib/probes.ts'
import { notApplicable, step } from '../lib/step.ts'
import { text } from '../lib/text.ts'
import { until } from '../lib/wait.ts'

const { cluster, api, on, apply, verify } = await step(import.meta, ['12'])

const { domain } = cluster.networks
const name = 'coredns'
const namespace = 'kube-system'
const labels = { 'k8s-app': 'kube-dns' }
const metadata = { name, namespace, labels }

// #region image
await on(cluster.machines, (machine) => machine.images([name]))
// #endregion image

// #region rights
// It watches what it has names for, and nothing else.
const rights = [
  {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata,
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'system:coredns' },
    rules: [
      {
        apiGroups: [''],
        resources: ['services', 'pods', 'namespaces'],
        verbs: ['list', 'watch'],
      },
      {
        apiGroups: ['discovery.k8s.io'],
        resources: ['endpointslices'],
        verbs: ['list', 'watch'],
      },
    ],
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'system:coredns' },
    roleRef: {
      apiGroup: 'rbac.authorization.k8s.io',
      kind: 'ClusterRole',
      name: 'system:coredns',
    },
    subjects: [{ kind: 'ServiceAccount', name, namespace }],
  },
]
// #endregion rights

// #region configuration
const corefile = text`
  .:53 {
    errors
    # When told to stop, it answers on until nobody asks it any more.
    health {
      lameduck 5s
    }
    ready
    # Names of the cluster, and of addresses in it, come from the API.
    kubernetes ${domain} in-addr.arpa ip6.arpa {
      fallthrough in-addr.arpa ip6.arpa
      ttl 30
    }
    # The rest: whom the machine asks. Step 10 gave pods a resolver that is
    # not the machine itself; loop stops CoreDNS if it should be after all.
    forward . /etc/resolv.conf
    loop
    cache 30
    reload
    loadbalance
  }
`

const configuration = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata,
  data: { Corefile: corefile },
}
// #endregion configuration

// #region deployment
const fingerprint = createHash('sha256').update(corefile).digest('hex')

const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata,
  spec: {
    replicas: 2,
    selector: { matchLabels: labels },
    template: {
      metadata: {
        labels,
        // Pods read it when they start, so a new one makes new pods.
        annotations: { 'kubernetes-from-scratch/corefile': fingerprint },
      },
      spec: {
        priorityClassName: 'system-cluster-critical',
        serviceAccountName: name,
        // The machine's resolver, not the one that this pod is.
        dnsPolicy: 'Default',
        // On two machines if there are two; on one rather than not at all.
        topologySpreadConstraints: [
          {
            maxSkew: 1,
            topologyKey: 'kubernetes.io/hostname',
            whenUnsatisfiable: 'ScheduleAnyway',
            labelSelector: { matchLabels: labels },
            // Pods of an older version, on their way out, do not count.
            matchLabelKeys: ['pod-template-hash'],
          },
        ],
        tolerations: [
          { key: 'node-role.kubernetes.io/control-plane', operator: 'Exists' },
        ],
        containers: [
          {
            name,
            image: imageOf(name, cluster),
            args: ['-conf', '/etc/coredns/Corefile'],
            ports: [
              { name: 'dns', containerPort: 53, protocol: 'UDP' },
              { name: 'dns-tcp', containerPort: 53, protocol: 'TCP' },
            ],
            resources: {
              requests: { cpu: '100m', memory: '70Mi' },
              limits: { memory: '170Mi' },
            },
            // Every second: the default of ten is ten seconds without DNS.
            readinessProbe: {
              httpGet: { path: '/ready', port: 8181 },
              periodSeconds: 1,
            },
            livenessProbe: { httpGet: { path: '/health', port: 8080 } },
            securityContext: {
              allowPrivilegeEscalation: false,
              capabilities: { add: ['NET_BIND_SERVICE'], drop: ['ALL'] },
              readOnlyRootFilesystem: true,
            },
            volumeMounts: [{ name: 'config', mountPath: '/etc/coredns' }],
          },
        ],
        volumes: [{ name: 'config', configMap: { name } }],
      },
    },
  },
}
// #endregion deployment

// #region service
// Every kubelet was told this address in step 10, so it is asked for by
// name. The name is what everybody expects, whatever answers behind it.
const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'kube-dns', namespace, labels },
  spec: {
    clusterIP: cluster.dnsAddress,
    selector: labels,
    ports: [
      { name: 'dns', port: 53, protocol: 'UDP' },
      { name: 'dns-tcp', port: 53, protocol: 'TCP' },
    ],
  },
}

await apply([...rights, configuration, deployment, service])

await on(
  cluster.machines.slice(0, 1),
  ({ planning }) =>
    planning ||
    until(
      'CoreDNS is available',
      async () => {
        const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`
        return (await api().get(path))?.status.availableReplicas === 2
      },
      { next: [`kubectl -n ${namespace} describe pods -l k8s-app=kube-dns`] },
    ),
)
// #endregion service

// #region verify
const pods = probes(api, cluster)

const looksUp = (question: string, answer: string) =>
  pods.each(async (pod) => {
    const said = await pod.shell(`nslookup ${question}`)
    assert(said.includes(answer), `${pod.node}: ${question}: ${said}`)
  })

await verify('a pod on every node resolves a Service', () =>
  looksUp(`kubernetes.default.svc.${domain}`, cluster.kubernetesServiceAddress),
)

await verify('and the short name of one, by the search list', () =>
  pods.each(async (pod) => {
    assert.equal(
      await pod.dial(`probe-${pod.node}`, 'hostname'),
      `probe-${pod.node}`,
    )
  }),
)

await verify('and a headless Service, to the address of its pod', async () => {
  const [pod] = await pods.all()
  assert(pod)
  await looksUp(pods.headless(pod), pod.address)
})

await verify('and an address, to its name', () =>
  looksUp(cluster.kubernetesServiceAddress, `kubernetes.default.svc.${domain}`),
)

await verify('and a name outside of the cluster', () => {
  const { outside } = cluster
  if (!outside) return notApplicable('cluster.yaml has no checks.outside')
  return looksUp(outside.name, outside.address)
})

await verify('the replicas are on two machines', async () => {
  if (cluster.machines.length < 2) return notApplicable('there is one machine')
  const slices = await api().list(
    `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices` +
      '?labelSelector=kubernetes.io/service-name=kube-dns',
  )
  const ready = slices
    .flatMap(({ endpoints }) => endpoints ?? [])
    .filter(({ conditions }) => conditions.ready)
  const nodes = new Set(ready.map(({ nodeName }) => nodeName))
  assert.equal(nodes.size, 2, `they are on ${[...nodes].join(' and ')}`)
})

await verify('the probe pods are gone again', () => pods.remove())
// #endregion verify
