import forge from 'node-forge'
import { parse } from 'yaml'
import type { Manifest } from '../../lib/kubernetes.ts'
import { type FakeMachine, type WorldState, writeFile } from './world.ts'

const data = '/var/lib/kubelet'
const requests = '/apis/certificates.k8s.io/v1/certificatesigningrequests'

/** The certificate that a kubelet has when it has joined. */
export const identityFile = `${data}/pki/kubelet-client-current.pem`

/** Whether a service runs on any machine, or on one. */
export function runs(
  { machines }: Pick<WorldState, 'machines'>,
  name: string,
  on: readonly FakeMachine[] = Object.values(machines),
): boolean {
  return on.some(({ units }) => units[name]?.active)
}

/**
 * Has the cluster do what it does by itself and at once: kubelets ask for
 * their certificate, get it when the request was approved, and become nodes;
 * what etcd held is gone with its data.
 */
export function settle(state: WorldState): void {
  if (settled.get(state) === state.time) return
  settled.set(state, state.time)
  const machines = Object.values(state.machines)
  if (!machines.some(({ files }) => '/var/lib/etcd/member/wal' in files)) {
    state.objects = {}
  }
  for (const machine of machines) {
    if (!('/var/lib/containerd/meta.db' in machine.files)) machine.images = {}
  }
  if (!runs(state, 'kube-apiserver')) return
  for (const machine of machines) {
    if (!runs(state, 'kubelet', [machine])) continue
    if (!(identityFile in machine.files)) join(state, machine)
    if (identityFile in machine.files) becomeNode(state, machine)
  }
}

// Nothing happens by itself but after a change.
const settled = new WeakMap<WorldState, number>()

function join(state: WorldState, machine: FakeMachine): void {
  const { name, files } = machine
  const bootstrap = files['/etc/kubernetes/kubelet/bootstrap.kubeconfig']
  if (!bootstrap) return
  const [id, secret] = parse(bootstrap.content).users[0].user.token.split('.')
  const token =
    state.objects[
      `/api/v1/namespaces/kube-system/secrets/bootstrap-token-${id}`
    ]
  if (token?.stringData['token-secret'] !== secret) return

  // Each time that it starts, a kubelet makes a new key and a new request.
  const started = machine.units.kubelet?.started
  const path = `${requests}/csr-${name}-${started}`
  const subject = [
    { name: 'organizationName', value: 'system:nodes' },
    { name: 'commonName', value: `system:node:${name}` },
  ]
  state.objects[path] ??= {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name: path.slice(requests.length + 1) },
    spec: {
      request: Buffer.from(requestFor(subject)).toString('base64'),
      username: `system:bootstrap:${id}`,
      signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
    },
    status: {},
  }
  const approved = state.objects[path].status.conditions?.some(
    ({ type }: { type: string }) => type === 'Approved',
  )
  if (!approved || !runs(state, 'kube-controller-manager')) return
  write(state, machine, identityFile, `certificate of system:node:${name}\n`)
  write(state, machine, `${data}/kubeconfig`, 'of the kubelet\n')
}

// As much of a request (PKCS #10) as is ever looked at: its subject.
function requestFor(subject: forge.pki.CertificateField[]): string {
  const { asn1, pki, pem } = forge
  const sequence = (value: forge.asn1.Asn1[]) =>
    asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SEQUENCE, true, value)
  const version = asn1.create(
    ...([asn1.Class.UNIVERSAL, asn1.Type.INTEGER, false] as const),
    asn1.integerToDer(0).getBytes(),
  )
  const request = pki.createCertificationRequest()
  request.setSubject(subject)
  const name = pki.distinguishedNameToAsn1(request.subject)
  const body = asn1.toDer(sequence([sequence([version, name])])).getBytes()
  return pem.encode({ type: 'CERTIFICATE REQUEST', body } as never)
}

function becomeNode(state: WorldState, machine: FakeMachine): void {
  const path = `/api/v1/nodes/${machine.name}`
  const { started = 0 } = machine.units.kubelet ?? {}
  if (!state.objects[path] && machine.registered === started) return
  machine.registered = started
  const { content = '' } =
    machine.files['/etc/kubernetes/kubelet/kubelet.yaml'] ?? {}
  const node: Manifest = state.objects[path] ?? {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: machine.name, labels: {} },
    spec: { taints: parse(content)?.registerWithTaints },
  }
  state.objects[path] = node
  if (runs(state, 'kube-controller-manager')) {
    node.spec.podCIDR ??= freeSubnet(state, machine)
  }
  const cni = '/etc/cni/net.d/10-pods.conflist' in machine.files
  const isReady = cni && runs(state, 'containerd', [machine])
  node.status = {
    addresses: [{ type: 'InternalIP', address: machine.address }],
    conditions: [
      isReady
        ? { type: 'Ready', status: 'True', message: 'kubelet is ready' }
        : { type: 'Ready', status: 'False', message: 'cni plugin missing' },
    ],
  }
}

// In the order in which nodes come, whatever their addresses.
function freeSubnet(state: WorldState, machine: FakeMachine): string {
  const taken = new Set(
    Object.values(state.objects).map(({ spec }) => spec?.podCIDR),
  )
  const second = machine.address.startsWith('10.10.1.') ? 21 : 20
  const all = Array.from({ length: 256 }, (_, n) => `10.${second}.${n}.0/24`)
  return all.find((subnet) => !taken.has(subnet)) ?? ''
}

function write(
  { time }: WorldState,
  machine: FakeMachine,
  path: string,
  content: string,
): void {
  const owner = 'root:root'
  writeFile(machine, path, { content, mode: 0o600, owner, time })
}
