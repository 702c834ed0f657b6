import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { kubeconfig, readKubeconfig } from '../../lib/kubeconfig.ts'
import { yaml } from '../../lib/yaml.ts'

const authority = '-----BEGIN CERTIFICATE-----\nauthority\n'
const certificate = '-----BEGIN CERTIFICATE-----\nadmin\n'
const key = '-----BEGIN PRIVATE KEY-----\nadmin\n'
const base64 = (text: string) => Buffer.from(text).toString('base64')

const common = { clusterName: 'scratch', user: 'admin', authority }
const single = { ...common, server: 'https://10.10.0.11:6443' }
const pair = { certificate, key }

describe('kubeconfig', () => {
  test('one server is one context named USER@CLUSTER', () => {
    expect(parse(kubeconfig({ ...single, ...pair }))).toEqual({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: 'scratch',
          cluster: {
            server: 'https://10.10.0.11:6443',
            'certificate-authority-data': base64(authority),
          },
        },
      ],
      users: [
        {
          name: 'admin',
          user: {
            'client-certificate-data': base64(certificate),
            'client-key-data': base64(key),
          },
        },
      ],
      contexts: [
        {
          name: 'admin@scratch',
          context: { cluster: 'scratch', user: 'admin' },
        },
      ],
      'current-context': 'admin@scratch',
    })
  })

  test('several servers are a context each, and the first is current', () => {
    const servers = {
      'cp-1': 'https://10.10.0.11:6443',
      'cp-2': 'https://10.10.0.12:6443',
    }
    const config = parse(kubeconfig({ ...common, servers, ...pair }))
    expect(config['current-context']).toBe('cp-1')
    expect(config.users).toHaveLength(1)
    expect(config.contexts).toEqual([
      { name: 'cp-1', context: { cluster: 'cp-1', user: 'admin' } },
      { name: 'cp-2', context: { cluster: 'cp-2', user: 'admin' } },
    ])
    expect(
      config.clusters.map((entry: { cluster: { server: string } }) => [
        entry.cluster.server,
      ]),
    ).toEqual([['https://10.10.0.11:6443'], ['https://10.10.0.12:6443']])
  })

  test('a bootstrap token takes the place of certificate and key', () => {
    const text = kubeconfig({ ...single, token: 'abcdef.0123456789abcdef' })
    expect(parse(text).users[0].user).toEqual({
      token: 'abcdef.0123456789abcdef',
    })
  })

  test('the same input renders the same text', () => {
    expect(kubeconfig({ ...single, ...pair })).toBe(
      kubeconfig({ ...single, ...pair }),
    )
  })

  test('no server at all is refused', () => {
    expect(() => kubeconfig({ ...common, servers: {}, ...pair })).toThrow(
      "cluster 'scratch': found no server",
    )
  })

  test.each(['http://10.10.0.11:6443', '10.10.0.11:6443', ''])(
    'the server %j is refused, because it is not https',
    (server) => {
      expect(() => kubeconfig({ ...common, server, ...pair })).toThrow(
        `server is '${server}', wanted https://HOST:PORT`,
      )
    },
  )
})

describe('readKubeconfig', () => {
  test('what was rendered is read back', () => {
    expect(readKubeconfig(kubeconfig({ ...single, ...pair }))).toEqual({
      context: 'admin@scratch',
      contexts: ['admin@scratch'],
      server: 'https://10.10.0.11:6443',
      authority,
      certificate,
      key,
      token: undefined,
    })
  })

  test('a token is read back', () => {
    const text = kubeconfig({ ...single, token: 'abcdef.0123456789abcdef' })
    expect(readKubeconfig(text)).toMatchObject({
      token: 'abcdef.0123456789abcdef',
      certificate: undefined,
    })
  })

  test('another context than the current one can be asked for', () => {
    const servers = { a: 'https://a:6443', b: 'https://b:6443' }
    const text = kubeconfig({ ...common, servers, ...pair })
    expect(readKubeconfig(text)).toMatchObject({
      server: 'https://a:6443',
      contexts: ['a', 'b'],
    })
    expect(readKubeconfig(text, 'b').server).toBe('https://b:6443')
    expect(() => readKubeconfig(text, 'c')).toThrow(
      "no context 'c'; it has a, b",
    )
  })

  const changed = (change: (config: ReturnType<typeof parse>) => void) => {
    const config = parse(kubeconfig({ ...single, ...pair }))
    change(config)
    return yaml(config)
  }

  test.each<[string, string, string]>([
    ['an empty file', '', "wanted a document with 'kind: Config'"],
    ['a list', '- a', "wanted a document with 'kind: Config'"],
    ['another kind', 'kind: Pod', "wanted a document with 'kind: Config'"],
    ['broken YAML', 'kind: [', 'it is not YAML'],
    [
      'no current context',
      changed((config) => delete config['current-context']),
      'no current-context',
    ],
    [
      'a context whose user is missing',
      changed((config) => delete config.users),
      "no user 'admin'; it has none",
    ],
    [
      'a cluster without server',
      changed((config) => delete config.clusters[0].cluster.server),
      "cluster 'scratch' has no server",
    ],
    [
      'a cluster that is not checked',
      changed((config) => {
        const server = 'https://10.10.0.11:6443'
        config.clusters[0].cluster = {
          server,
          'insecure-skip-tls-verify': true,
        }
      }),
      'no certificate-authority-data',
    ],
    [
      'a certificate without its key',
      changed((config) => delete config.users[0].user['client-key-data']),
      "user 'admin' has neither a token nor client-certificate-data",
    ],
    [
      'a credential in a file',
      changed((config) => {
        config.users[0].user = { 'client-certificate': 'a', 'client-key': 'b' }
      }),
      'files and commands are not followed',
    ],
    [
      'an http server',
      changed((config) => {
        config.clusters[0].cluster.server = 'http://10.10.0.11:8080'
      }),
      "server is 'http://10.10.0.11:8080', wanted https",
    ],
  ])('%s is refused', (_, text, message) => {
    expect(() => readKubeconfig(text)).toThrow(message)
  })

  test('a broken file does not put its key into the error', () => {
    const text = `${kubeconfig({ ...single, ...pair })}\n  bad: [`
    expect(() => readKubeconfig(text)).toThrow(/^Cannot read a kubeconfig/)
    try {
      readKubeconfig(text)
    } catch (error) {
      expect((error as Error).message).not.toContain(base64(key).slice(0, 8))
    }
  })
})
