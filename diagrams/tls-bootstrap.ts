import { type Diagram, directive } from './diagram.ts'
import { cluster } from './facts.ts'

const { apiBalancer } = cluster.ports

type Message = [from: string, to: string, what: string]

const messages: Message[] = [
  ['step', 'api', 'Secret with a token, good for minutes'],
  ['step', 'kubelet', 'kubeconfig<br>with it'],
  ['kubelet', 'kubelet', 'makes a key'],
  [
    'kubelet',
    'api',
    'asks for a<br>certificate:<br>CN system:node:<br>NAME,<br>O system:nodes',
  ],
  ['step', 'api', 'reads it: this token, this name?'],
  ['step', 'api', 'approves it'],
  ['manager', 'api', 'signs it<br>as cluster-ca'],
  ['kubelet', 'api', 'fetches it'],
  ['kubelet', 'api', 'registers<br>Node NAME'],
  ['step', 'kubelet', 'removes<br>that file'],
  ['step', 'api', 'deletes the Secret'],
]

const renewal: Message[] = [
  ['kubelet', 'api', 'asks again,<br>as itself'],
  ['manager', 'api', 'approves<br>and signs'],
]

const names: Record<string, string> = {
  step: 'step 10',
  api: 'API<br>server',
  kubelet: 'kubelet',
  manager: 'controller<br>manager',
}

const sentence = ([from, to, what]: Message) => {
  const between = from === to ? names[from] : `${names[from]} → ${names[to]}`
  return `${between}: ${what}.`
    .replace(':<br>NAME', ':NAME')
    .replaceAll('<br>', ' ')
    .replace('?.', '?')
}

const arrow = ([from, to, what]: Message, index: number) =>
  `${from}->>${to}: ${index + 1} ${what}`

export const tlsBootstrap: Diagram = {
  name: 'tls-bootstrap',
  title: 'How a machine gets an identity',
  description:
    'The order in which step 10, the API server, a kubelet and the ' +
    'controller manager turn a token of minutes into a certificate.',
  text: [
    ...messages.map(sentence),
    'Then, for as long as the node lives:',
    ...renewal.map(sentence),
    `A kubelet reaches the API server through 127.0.0.1:${apiBalancer.port}.`,
  ],
  source: [
    'sequenceDiagram',
    directive({
      sequence: {
        width: 70,
        actorMargin: 4,
        mirrorActors: false,
        diagramMarginX: 4,
        messageMargin: 26,
      },
    }),
    ...['step', 'kubelet', 'api', 'manager'].map(
      (id) => `participant ${id} as ${names[id]}`,
    ),
    ...messages.map(arrow),
    'loop before it ends',
    ...renewal.map((message, index) => arrow(message, messages.length + index)),
    'end',
  ].join('\n'),
}
