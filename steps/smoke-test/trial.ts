// The namespace that step 14 works in: made, looked at, and removed

import { randomBytes } from 'node:crypto'
import { conditionOf } from '../../lib/conditions.ts'
import { GuideError } from '../../lib/errors.ts'
import type { KubernetesApi, Manifest } from '../../lib/kubernetes.ts'
import { isLeftBehind } from '../../lib/leftovers.ts'
import { createAuthority, issue } from '../../lib/pki.ts'
import type { LiveCluster } from '../../lib/step.ts'
import { until } from '../../lib/wait.ts'
import { label, labels, workloads } from './workloads.ts'

export type Trial = ReturnType<typeof openTrial>

/**
 * The workloads of step 14, in a namespace of their own.
 *
 * @param api gives a client that may do everything
 */
export function openTrial(api: () => KubernetesApi, cluster: LiveCluster) {
  // A new one each time: Kubernetes takes more than five seconds to remove a
  // namespace, and nobody has to wait for that.
  const namespace = `smoke-test-${randomBytes(3).toString('hex')}`
  const path = `/api/v1/namespaces/${namespace}`
  const { web, webhook, apiService, all } = workloads(cluster, namespace)
  let caBundle = ''

  async function start(): Promise<void> {
    const [tls] = await Promise.all([
      certificate(),
      removeAll((object) => isLeftBehind(object, label)),
    ])
    await api().apply({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace, labels },
    })
    await Promise.all(all(tls).map((manifest) => api().apply(manifest)))
    // A pod without it is refused, whatever else would be said of the pod.
    await waitFor('the namespace has its service account', () =>
      api().get(`${path}/serviceaccounts/default`),
    )
  }

  // Of an authority that is forgotten at once: whoever gets hold of this key
  // has got hold of nothing else.
  async function certificate() {
    const days = 1
    const authority = await createAuthority({ commonName: namespace, days })
    caBundle = Buffer.from(authority.certificate).toString('base64')
    return issue({
      authority,
      commonName: 'extension',
      dnsNames: [`extension.${namespace}.svc`],
      usages: ['server'],
      days,
    })
  }

  /** Removes what runs of this step have made; all of it, or some. */
  async function removeAll(which = (_: Manifest) => true): Promise<string[]> {
    const removed: string[] = []
    for (const collection of collections) {
      const found = await api().list(`${collection}?labelSelector=${label}`)
      for (const { metadata } of found.filter(which)) {
        if (metadata.deletionTimestamp) continue
        await api().send('DELETE', `${collection}/${metadata.name}`)
        removed.push(metadata.name)
      }
    }
    return removed
  }

  /** Removes what this run has made. */
  const remove = () =>
    removeAll(({ metadata }) => metadata.labels?.[label] === labels[label])

  async function podsOf(app: string): Promise<Manifest[]> {
    const pods = await api().list(`${path}/pods?labelSelector=app%3D${app}`)
    return pods.filter(({ metadata }) => !metadata.deletionTimestamp)
  }

  /** Waits, and tells what the cluster complained about if in vain. */
  async function waitFor<T>(
    what: string,
    look: () => Promise<T>,
    seconds = 60,
  ) {
    try {
      return await until(what, look, { seconds })
    } catch (error) {
      // The namespace is about to go, and what it could tell with it.
      const events = await api().list(`${path}/events`)
      const warnings = events
        .filter(({ type }) => type === 'Warning')
        .map(({ involvedObject, message }) => {
          return `${involvedObject.kind} ${involvedObject.name}: ${message}`
        })
      const { message, next = [] } = error as GuideError
      throw new GuideError(message, [...next, ...warnings.slice(-5)])
    }
  }

  /** Waits for two pods that are ready, and no others. */
  function bothReady(
    app: string,
    wanted: (pod: Manifest) => boolean = () => true,
    seconds = 60,
  ): Promise<Manifest[]> {
    const look = async () => {
      const pods = await podsOf(app)
      const waiting = pods.filter((pod) => !readySince(pod) || !wanted(pod))
      if (pods.length === 2 && waiting.length === 0) return pods
      throw new Error(waiting.map(stateOf).join('\n') || `${pods.length} pods`)
    }
    return waitFor(`two pods of ${app} are ready`, look, seconds)
  }

  /** Has a pod call another, by any name that it knows. */
  function dial(pod: string, host: string, port: string): Promise<string> {
    const request = { host, port, request: 'hostname', protocol: 'http' }
    const query = new URLSearchParams({ ...request, tries: '1' })
    return api().text('GET', `${path}/pods/${pod}:8080/proxy/dial?${query}`)
  }

  return {
    cluster,
    api,
    namespace,
    path,
    start,
    remove,
    removeAll,
    waitFor,
    podsOf,
    bothReady,
    dial,
    web,
    webhook: () => webhook(caBundle),
    apiService: () => apiService(caBundle),
  }
}

// In this order. A namespace ends only when every API group says that it has
// nothing in there, and one whose server is gone never says so.
const collections = [
  '/apis/apiregistration.k8s.io/v1/apiservices',
  '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations',
  '/api/v1/namespaces',
]

/** Since when a pod or node is ready; undefined when it is not. */
export function readySince(object: Manifest): string | undefined {
  const ready = conditionOf(object, 'Ready')
  return ready?.status === 'True' ? ready.lastTransitionTime : undefined
}

export function namesOf(pods: readonly Manifest[]): string[] {
  return pods.map(({ metadata }) => metadata.name)
}

function stateOf({ metadata, spec, status }: Manifest): string {
  const state = JSON.stringify(status.containerStatuses?.[0]?.state ?? {})
  return `${metadata.name} on ${spec.nodeName}: ${status.phase} ${state}`
}
