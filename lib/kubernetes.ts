import type { Agent } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import { GuideError } from './errors.ts'
import { agentFor, ask } from './https.ts'
import { patient, pause } from './patience.ts'

/** Any object of the Kubernetes API, as much of it as we rely on. */
export interface Manifest {
  apiVersion: string
  kind: string
  metadata: {
    name: string
    namespace?: string
    labels?: Record<string, string>
    annotations?: Record<string, string>
    [field: string]: unknown
  }
  // biome-ignore lint/suspicious/noExplicitAny: objects of every kind pass.
  [field: string]: any
}

/** With what a client proves who it is, and whom it trusts. */
export interface Identity {
  /** Certificate of the cluster's authority. */
  authority: string
  certificate?: string
  key?: string
  token?: string
}

/** An answer of the API server that is not success. */
export class ApiError extends GuideError {
  override name = 'ApiError'
  readonly status: number

  constructor(status: number, message: string, next: readonly string[] = []) {
    super(message, next)
    this.status = status
  }
}

/** What a reader of the API sees of a field manager: who set which field. */
export const fieldManager = 'kubernetes-from-scratch'

type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'

/**
 * A client of the Kubernetes API, with one identity. It tries the servers in
 * order and stays with the first that answers.
 *
 * @example
 * const api = new KubernetesApi(['https://10.10.0.11:6443'], admin)
 * const nodes = await api.list('/api/v1/nodes')
 */
export class KubernetesApi {
  readonly servers: string[]
  readonly #agent: Agent
  readonly #token: string | undefined

  constructor(servers: readonly string[], identity: Identity) {
    this.servers = [...servers]
    this.#token = identity.token
    this.#agent = agentFor(identity, true)
  }

  /** Reads an object; undefined when there is none of that name. */
  async get(path: string): Promise<Manifest | undefined> {
    try {
      return await this.send('GET', path)
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined
      throw error
    }
  }

  /** Reads all objects of a collection. */
  async list(path: string): Promise<Manifest[]> {
    const { items } = await this.send('GET', path)
    return items as Manifest[]
  }

  /**
   * Sets the fields that a manifest names and leaves all others alone.
   *
   * @returns whether the object changed, and what it is now
   * @see https://kubernetes.io/docs/reference/using-api/server-side-apply/
   */
  async apply(
    manifest: Manifest,
    { dryRun = false } = {},
  ): Promise<{ changed: boolean; before?: Manifest; after: Manifest }> {
    const before = await this.get(pathOf(manifest))
    const query = `fieldManager=${fieldManager}&force=true`
    const after = await this.send(
      'PATCH',
      `${pathOf(manifest)}?${query}${dryRun ? '&dryRun=All' : ''}`,
      manifest,
      'application/apply-patch+yaml',
    )
    const changed = withoutBookkeeping(before) !== withoutBookkeeping(after)
    return { changed, ...(before && { before }), after }
  }

  /** Deletes an object. Returns whether there was one. */
  async delete(manifest: Manifest, { gracePeriodSeconds = -1 } = {}) {
    const query =
      gracePeriodSeconds < 0 ? '' : `?gracePeriodSeconds=${gracePeriodSeconds}`
    try {
      await this.send('DELETE', pathOf(manifest) + query, {
        propagationPolicy: 'Background',
      })
      return true
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return false
      throw error
    }
  }

  /**
   * Sends one request; tries the next server when one does not answer, and
   * asks again when a busy one did not get it done in its time.
   *
   * @throws {ApiError} for an answer that is not success
   * @throws {GuideError} when no server answers
   * @see https://kubernetes.io/docs/reference/using-api/api-concepts/
   */
  async send(
    method: Method,
    path: string,
    body?: unknown,
    contentType = 'application/json',
  ): Promise<Manifest> {
    const text = await this.text(method, path, body, contentType)
    return JSON.parse(text) as Manifest
  }

  /** Like {@link send}, for answers that are not JSON, such as logs. */
  async text(
    method: Method,
    path: string,
    body?: unknown,
    contentType = 'application/json',
  ): Promise<string> {
    const end = performance.now() + patient(60) * 1000
    while (true) {
      try {
        return await this.#ask(method, path, body, contentType)
      } catch (error) {
        const busy = error instanceof ApiError && error.status === 504
        const again = busy && isRepeatable(method, path)
        if (!again || performance.now() > end) throw error
        await sleep(pause() * 1000)
      }
    }
  }

  async #ask(
    method: Method,
    path: string,
    body: unknown,
    contentType: string,
  ): Promise<string> {
    const reasons: string[] = []
    for (const server of [...this.servers]) {
      try {
        const answer = await ask(server + path, {
          agent: this.#agent,
          method,
          headers: {
            ...(this.#token && { authorization: `Bearer ${this.#token}` }),
            ...(body !== undefined && { 'content-type': contentType }),
          },
          ...(body !== undefined && { body: JSON.stringify(body) }),
        })
        // The next request goes first to the server that answered.
        this.servers.sort((a, b) => +(b === server) - +(a === server))
        if (answer.status < 300) return answer.text
        const said = whatItSaid(method, path, answer)
        const message = `${said}\n  said by ${server}`
        const { status } = answer
        throw new ApiError(status, message, nextAfter(status))
      } catch (error) {
        if (error instanceof ApiError) throw error
        const { message, code } = error as NodeJS.ErrnoException
        reasons.push(`${server}: ${message || code}`)
      }
    }
    throw new GuideError(
      `No API server answered ${method} ${path}\n  ${reasons.join('\n  ')}`,
      ['is it running? systemctl status kube-apiserver on a control plane'],
    )
  }
}

/**
 * The path of an object in the API.
 *
 * @throws {GuideError} for a kind that this guide does not use
 * @see https://kubernetes.io/docs/reference/using-api/api-concepts/
 * @example
 * pathOf({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'cp-1' } })
 * // '/api/v1/nodes/cp-1'
 */
export function pathOf({ apiVersion, kind, metadata }: Manifest): string {
  const plural = plurals[kind]
  if (!plural) throw new GuideError(`No path is known for the kind ${kind}`)
  const root = apiVersion.includes('/') ? '/apis' : '/api'
  const space = metadata.namespace ? `/namespaces/${metadata.namespace}` : ''
  return `${root}/${apiVersion}${space}/${plural}/${metadata.name}`
}

const plurals: Record<string, string> = {
  APIService: 'apiservices',
  ClusterRole: 'clusterroles',
  ClusterRoleBinding: 'clusterrolebindings',
  ConfigMap: 'configmaps',
  Deployment: 'deployments',
  Job: 'jobs',
  Namespace: 'namespaces',
  NetworkPolicy: 'networkpolicies',
  Node: 'nodes',
  Pod: 'pods',
  Secret: 'secrets',
  Service: 'services',
  ServiceAccount: 'serviceaccounts',
  StatefulSet: 'statefulsets',
  ValidatingWebhookConfiguration: 'validatingwebhookconfigurations',
}

// What was created although the time was over would be created twice.
function isRepeatable(method: Method, path: string): boolean {
  return method !== 'POST' || path.includes('dryRun=All')
}

// Fields that the server changes by itself say nothing about a change.
function withoutBookkeeping(manifest: Manifest | undefined): string {
  if (!manifest) return ''
  const { status: _, metadata, ...rest } = manifest
  const { managedFields: _1, resourceVersion: _2, ...kept } = metadata
  return JSON.stringify({ ...rest, metadata: { ...kept, generation: 0 } })
}

function nextAfter(status: number): string[] {
  if (status === 401) {
    return ['who asks is unknown: npx zx steps/04-kubeconfigs.ts --verify']
  }
  if (status === 403) {
    return ['what is allowed: npm run -s kubectl -- auth can-i --list']
  }
  if (status < 500) return []
  return ['journalctl -u kube-apiserver, on the machine of that address']
}

function whatItSaid(
  method: Method,
  path: string,
  { status, text }: { status: number; text: string },
): string {
  let message = text
  try {
    message = JSON.parse(text).message ?? text
  } catch {}
  return `${method} ${path}: the API server answered ${status}: ${message}`
}
