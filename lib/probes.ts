import { randomBytes, randomInt } from 'node:crypto'
import { imageOf } from './install.ts'
import type { KubernetesApi, Manifest } from './kubernetes.ts'
import { isLeftBehind, thisProcess } from './leftovers.ts'
import type { LiveCluster } from './step.ts'
import { until } from './wait.ts'

/** A pod of ours on one node, that calls whom we ask it to. */
export interface Probe {
  node: string
  /** Of the pod. */
  address: string
  /** Of its machine, as Kubernetes sees it. */
  hostAddress: string
  /**
   * Has the pod send an HTTP request to a probe or a Service of one.
   *
   * @param request path, such as `clientip` or `hostname`
   * @returns the answer
   * @throws {Error} with what the pod says went wrong
   */
  dial(host: string, request: string): Promise<string>
  /** Runs a shell command in the pod; returns what it printed. */
  shell(command: string): Promise<string>
}

/** Pods of one check, one on each node, made at first use. */
export interface Probes {
  /** Port of the machine that leads to the probe on it. */
  hostPort: number
  /** Every probe; the first call starts them. */
  all(): Promise<Probe[]>
  /** Checks every probe, all at once. */
  each(check: (probe: Probe) => Promise<void>): Promise<void>
  /** Checks every probe against every other, all at once. */
  eachPair(check: (from: Probe, to: Probe) => Promise<void>): Promise<void>
  /** Address of a Service that has this probe behind it, alone. */
  service(probe: Probe): Promise<string>
  /** Name of a headless Service that has this probe behind it, alone. */
  headless(probe: Probe): string
  /** Takes the probes and their namespace away. */
  remove(): Promise<void>
}

const label = 'kubernetes-from-scratch/probe'
const port = 8080

/**
 * Probe pods, in a namespace of their own that is removed after the check.
 * What an interrupted check has left behind is removed by the next.
 *
 * @param api gives a client that may create namespaces and pods
 * @example
 * const pods = probes(api, cluster)
 * await pods.each((pod) => pod.shell('nslookup kubernetes.default'))
 * await pods.remove()
 */
export function probes(api: () => KubernetesApi, cluster: LiveCluster): Probes {
  const namespace = `probe-${randomBytes(3).toString('hex')}`
  const path = `/api/v1/namespaces/${namespace}/pods`
  // Of the pods of an earlier check some may still hold theirs.
  const hostPort = randomInt(20_000, 30_000)
  let started: Promise<Probe[]> | undefined
  const all = () => {
    started ??= start()
    return started
  }

  async function start(): Promise<Probe[]> {
    await removeLeftBehind(api())
    await api().apply(namespaceManifest(namespace))
    const nodes = cluster.machines.map(({ name }) => name)
    const image = imageOf('agnhost', cluster)
    // The account that pods run as follows its namespace a moment later.
    await until(
      'the namespace has its service account',
      () =>
        api().get(`/api/v1/namespaces/${namespace}/serviceaccounts/default`),
      { next: ['journalctl -u kube-controller-manager, on control planes'] },
    )
    await Promise.all(
      nodes.flatMap((node) => [
        api().apply(podManifest(namespace, node, image, hostPort)),
        api().apply(serviceManifest(namespace, `probe-${node}`, node)),
        api().apply(headlessManifest(namespace, node)),
      ]),
    )
    return Promise.all(nodes.map(whenReady))
  }

  async function whenReady(node: string): Promise<Probe> {
    const pod = await until(
      `the probe on ${node} is ready`,
      async () => {
        const pod = await api().get(`${path}/probe-${node}`)
        const ready = pod?.status.conditions?.some(
          (c: { type: string; status: string }) =>
            c.type === 'Ready' && c.status === 'True',
        )
        if (!ready) throw new Error(whyNot(pod))
        return pod
      },
      { next: [`npm run -s kubectl -- get events -n ${namespace}`] },
    )
    const proxy = `${path}/probe-${node}:${port}/proxy`
    await soon(`${node} answers`, () => api().text('GET', `${proxy}/hostname`))
    return {
      node,
      address: pod.status.podIP,
      hostAddress: pod.status.hostIP,
      async dial(host, request) {
        const query = new URLSearchParams({
          host,
          request,
          port: String(port),
          protocol: 'http',
          tries: '1',
        })
        return soon(`${node} calls ${host}`, async () =>
          result(await api().text('GET', `${proxy}/dial?${query}`)),
        )
      },
      async shell(command) {
        const query = new URLSearchParams({ cmd: command })
        return soon(`${node} runs ${command}`, async () => {
          const text = await api().text('POST', `${proxy}/shell?${query}`)
          const { output = '', error = '' } = JSON.parse(text)
          if (error) throw new Error(`${error}\n${output}`)
          return output.trim() || '(nothing)'
        })
      },
    }
  }

  return {
    hostPort,
    all,
    async each(check) {
      await Promise.all((await all()).map(check))
    },
    async eachPair(check) {
      const pods = await all()
      await Promise.all(
        pods.flatMap((from) =>
          pods.filter((to) => to !== from).map((to) => check(from, to)),
        ),
      )
    },
    async service({ node }) {
      const service = await api().get(
        `/api/v1/namespaces/${namespace}/services/probe-${node}`,
      )
      return service?.spec.clusterIP
    },
    headless: ({ node }) =>
      `headless-${node}.${namespace}.svc.${cluster.networks.domain}`,
    async remove() {
      await api().delete(namespaceManifest(namespace))
    },
  }
}

// A pod that is Ready is behind its Service a moment later: the API server
// has to tell kube-proxy and CoreDNS.
function soon(what: string, look: () => Promise<string>): Promise<string> {
  const next = ['journalctl -u kube-proxy, on that machine and on the other']
  return until(`the probe on ${what}`, look, { seconds: 10, next })
}

async function removeLeftBehind(api: KubernetesApi): Promise<void> {
  const found = await api.list(`/api/v1/namespaces?labelSelector=${label}`)
  await Promise.all(
    found
      .filter(({ metadata }) => !metadata.deletionTimestamp)
      .filter((namespace) => isLeftBehind(namespace, label))
      .map(({ metadata }) => api.delete(namespaceManifest(metadata.name))),
  )
}

function namespaceManifest(name: string): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name,
      labels: {
        [label]: thisProcess(),
        // hostPort, which one of the checks is about, needs this.
        'pod-security.kubernetes.io/enforce': 'privileged',
      },
    },
  }
}

function podManifest(
  namespace: string,
  node: string,
  image: string,
  hostPort: number,
): Manifest {
  const name = `probe-${node}`
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: { probe: node } },
    spec: {
      // No scheduler in between: the check is about this node.
      nodeName: node,
      tolerations: [{ operator: 'Exists' }],
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: 'probe',
          image,
          args: ['netexec', `--http-port=${port}`, '--udp-port=-1'],
          // No readiness probe: the kubelet would ask a second later at best,
          // and whoever calls a pod here tries again until it answers.
          ports: [{ containerPort: port, hostPort }],
        },
      ],
    },
  }
}

function serviceManifest(
  namespace: string,
  name: string,
  node: string,
): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: { selector: { probe: node }, ports: [{ port }] },
  }
}

function headlessManifest(namespace: string, node: string): Manifest {
  const manifest = serviceManifest(namespace, `headless-${node}`, node)
  return { ...manifest, spec: { ...manifest.spec, clusterIP: 'None' } }
}

function result(text: string): string {
  const { responses = [], errors = [] } = JSON.parse(text)
  if (responses[0]) return responses[0]
  throw new Error(`the pod says: ${errors.join(', ') || 'no answer'}`)
}

function whyNot(pod: Manifest | undefined): string {
  const state = pod?.status.containerStatuses?.[0]?.state
  return `the pod is ${pod?.status.phase ?? 'missing'}${
    state ? `: ${JSON.stringify(state)}` : ''
  }`
}
