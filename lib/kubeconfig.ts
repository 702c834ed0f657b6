import { parse } from 'yaml'
import { GuideError } from './errors.ts'
import { yaml } from './yaml.ts'

/** Where the API is: one URL, or one per context with the first in use. */
export type Servers =
  | { readonly server: string }
  | { readonly servers: Readonly<Record<string, string>> }

/** How the user proves who they are. */
export type Credentials =
  | { readonly certificate: string; readonly key: string }
  | { readonly token: string }

/**
 * Renders a kubeconfig: which API server to trust and reach, and who to be
 * there. All certificates and keys are inside, so the file can be copied;
 * whoever reads it is that user.
 *
 * One `server` gives one context, named `USER@CLUSTER` as kubectl users
 * expect. Several `servers` give one context each, named by their keys, for
 * an operator who reaches each control plane directly: kubectl tries the
 * server of the current context alone, so changing over is
 * `kubectl config use-context NAME`.
 *
 * @param options.authority certificate (PEM) that signs the API server's
 * @param options.user name of the entry; the API server reads the name of
 * the user from the certificate or the token
 * @returns YAML, to be kept at mode 0600
 * @throws GuideError when there is no server, or a URL is not https
 * @example
 * kubeconfig({
 *   clusterName: 'scratch',
 *   server: 'https://127.0.0.1:7443',
 *   authority: authority.certificate,
 *   user: 'system:kube-proxy',
 *   ...pair,
 * })
 * @see https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
 */
export function kubeconfig(
  options: {
    readonly clusterName: string
    readonly authority: string
    readonly user: string
  } & Servers &
    Credentials,
): string {
  const { clusterName, authority, user } = options
  const contexts =
    'servers' in options
      ? Object.entries(options.servers).map(([name, server]) => ({
          name,
          clusterEntry: name,
          server,
        }))
      : [
          {
            name: `${user}@${clusterName}`,
            clusterEntry: clusterName,
            server: options.server,
          },
        ]
  const first = contexts[0]
  if (!first) {
    throw new GuideError(
      `Cannot write a kubeconfig of cluster '${clusterName}': found no ` +
        'server, wanted at least one',
    )
  }
  for (const { server } of contexts) requireHttps(server)

  return yaml({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: contexts.map(({ clusterEntry, server }) => ({
      name: clusterEntry,
      cluster: { server, 'certificate-authority-data': encode(authority) },
    })),
    users: [
      {
        name: user,
        user:
          'token' in options
            ? { token: options.token }
            : {
                'client-certificate-data': encode(options.certificate),
                'client-key-data': encode(options.key),
              },
      },
    ],
    contexts: contexts.map(({ name, clusterEntry }) => ({
      name,
      context: { cluster: clusterEntry, user },
    })),
    'current-context': first.name,
  })
}

/** What one context of a kubeconfig says. Certificates and key are PEM. */
export interface Connection {
  readonly context: string
  /** All contexts of the file, in its order. */
  readonly contexts: readonly string[]
  readonly server: string
  readonly authority: string
  readonly certificate?: string
  readonly key?: string
  readonly token?: string
}

/**
 * Reads a kubeconfig for our own HTTPS client.
 *
 * @param text YAML or JSON, with its certificates inside
 * @param context name of a context; by default the current one
 * @throws GuideError when the text is no kubeconfig, the context or what it
 * refers to is missing, or a credential is a path, a command or no check at
 * all (`insecure-skip-tls-verify`)
 * @example
 * const { server, authority, certificate, key } = readKubeconfig(text)
 */
export function readKubeconfig(text: string, context?: string): Connection {
  const config = parseConfig(text)
  const wanted = context ?? config['current-context']
  if (!wanted) refuse('it has no current-context and none was asked for')

  const { cluster: clusterName, user: userName } = find<Context>(
    'context',
    config.contexts,
    wanted,
  )
  const cluster = find<Fields>('cluster', config.clusters, clusterName)
  const user = find<Fields>('user', config.users, userName)
  const server = cluster.server
  const authority = decode(cluster, 'certificate-authority-data')
  if (!server) refuse(`cluster '${clusterName}' has no server`)
  if (!authority) {
    refuse(`cluster '${clusterName}' has no certificate-authority-data`)
  }
  const certificate = decode(user, 'client-certificate-data')
  const key = decode(user, 'client-key-data')
  const { token } = user
  if (!token && !(certificate && key)) {
    refuse(
      `user '${userName}' has neither a token nor client-certificate-data ` +
        'with client-key-data; files and commands are not followed',
    )
  }
  requireHttps(server)
  return {
    context: wanted,
    contexts: (config.contexts ?? []).map(({ name }) => name),
    server,
    authority,
    certificate,
    key,
    token,
  }
}

type Fields = Record<string, string | undefined>
type Context = { cluster: string; user: string }
type Named = { name: string } & Record<string, unknown>
interface Config {
  clusters?: Named[]
  users?: Named[]
  contexts?: Named[]
  'current-context'?: string
}

function parseConfig(text: string): Config {
  let config: unknown
  try {
    config = parse(text)
  } catch (cause) {
    // Not the parser's message: it quotes lines, and a line may be a key.
    throw new GuideError('Cannot read a kubeconfig: it is not YAML', [], cause)
  }
  if ((config as { kind?: string } | null)?.kind !== 'Config') {
    refuse("wanted a document with 'kind: Config'")
  }
  return config as Config
}

function find<T>(
  kind: 'context' | 'cluster' | 'user',
  entries: Named[] | undefined,
  name: string,
): T {
  const entry = entries?.find((candidate) => candidate.name === name)
  if (entry?.[kind]) return entry[kind] as T
  const names = (entries ?? []).map((candidate) => candidate.name)
  refuse(`no ${kind} '${name}'; it has ${names.join(', ') || 'none'}`)
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64')
}

function decode(fields: Fields, name: string): string | undefined {
  const text = fields[name]
  return text && Buffer.from(text, 'base64').toString()
}

function requireHttps(server: string): void {
  if (URL.parse(server)?.protocol === 'https:') return
  refuse(`server is '${server}', wanted https://HOST:PORT`)
}

function refuse(why: string): never {
  throw new GuideError(`Cannot use this kubeconfig: ${why}`)
}
