import { type Diagram, flowchart } from './diagram.ts'
import { cluster } from './facts.ts'
import { subjectOf } from './pki.ts'

const { apiServer, etcdClient } = cluster.ports
const admin = subjectOf('cluster/admin')

const gates = [
  { name: 'authentication', asks: 'who are you?', refuses: '401' },
  { name: 'authorization', asks: 'may you? Node, RBAC', refuses: '403' },
  { name: 'mutating admission', asks: 'fill in and change' },
  { name: 'validation', asks: 'is it well formed?', refuses: '422' },
  { name: 'validating admission', asks: 'should it be so?', refuses: '403' },
  { name: 'storage', asks: 'was nobody faster?', refuses: '409' },
]

export const request: Diagram = {
  name: 'request',
  title: 'Life of a request',
  description:
    'What an API server asks before a request from kubectl reaches etcd: who ' +
    'are you, may you, should it be so. Each gate may refuse.',
  text: [
    `kubectl opens TLS to port ${apiServer.port} and shows the client ` +
      `certificate ${admin.join(', ')}.`,
    'Authentication finds out who calls: certificate, token, or for health ' +
      'alone anonymous. Failing: 401.',
    'Authorization asks Node, then RBAC, whether the caller may do this. ' +
      'Failing: 403.',
    'Mutating admission fills in and changes: defaults, service account, ' +
      'webhooks.',
    'Validation checks the object against its type. Failing: 422.',
    'Validating admission judges the result: Pod Security, quota, webhooks. ' +
      'Failing: 403, as a rule.',
    'Storage encrypts Secrets and writes to etcd, provided that nobody was ' +
      'faster. Failing: 409.',
    'The answer goes back, an audit line is written, and every watcher of ' +
      'that kind of object is told.',
  ],
  source: flowchart('TB', [
    `kubectl(["<b>kubectl</b><br>${admin.join('<br>')}"]):::person`,
    `kubectl -- "TLS, port ${apiServer.port}" --> gate-0`,
    'subgraph server["API server"]',
    ...gates.flatMap(({ name, asks, refuses }, index) => [
      `gate-${index}["<b>${name}</b><br>${asks}${
        refuses ? `<br>if not: ${refuses}` : ''
      }"]:::control`,
      ...(index > 0 ? [`gate-${index - 1} --> gate-${index}`] : []),
    ]),
    'end',
    `gate-${gates.length - 1} -- "TLS, port ${etcdClient.port}" --> etcd`,
    'etcd[("etcd")]:::data -- "stored" --> told',
    'told["kubectl has its answer,<br>the audit log a line,<br>' +
      'watchers the news"]:::added',
    'style server fill:none',
  ]),
}
