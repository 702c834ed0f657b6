// What refusals need: the cluster as a step sees it, whom to be, and from
// where to try.

import { type Cluster, loadCluster } from '../../../lib/cluster.ts'
import { lazyHost } from '../../../lib/hosts.ts'
import { agentFor, ask } from '../../../lib/https.ts'
import { imageOf, installer } from '../../../lib/install.ts'
import { journal } from '../../../lib/journal.ts'
import type { KubernetesApi, Manifest } from '../../../lib/kubernetes.ts'
import { Machine } from '../../../lib/machine.ts'
import { Operator } from '../../../lib/operator.ts'
import { createAuthority, issue, type Pair } from '../../../lib/pki.ts'
import { sh } from '../../../lib/shell.ts'
import { openState } from '../../../lib/state.ts'
import type { LiveCluster } from '../../../lib/step.ts'
import { until } from '../../../lib/wait.ts'
import { apiOf, serverOf } from '../api.ts'
import type { Guide } from '../guide.ts'
import { type Reply, type Vantage, vantage, type Who } from './vantage.ts'

/** Where refusals are tried from. */
export const places = ['a pod', 'a stranger', 'a node'] as const

/** The namespace of all that refusals make. */
export const namespace = 'refusals'
export const path = `/api/v1/namespaces/${namespace}`

/** A cluster that is up, and all that it takes to try to break in. */
export interface Ground {
  cluster: LiveCluster
  machines: Machine[]
  controlPlanes: Machine[]
  /** The node that is taken over, and the one that must not fall with it. */
  taken: Machine
  other: Machine
  operator: Operator
  /** As the administrator. */
  api: KubernetesApi
  from: Record<(typeof places)[number], Vantage>
  /** Where one of the API servers is. */
  server: string
  /** An API server asked from here, by anybody. */
  asks(
    who: Who,
    request: string,
    options?: { body?: unknown; type?: string; headers?: object },
  ): Promise<Reply>
  /** What is found on the node that is taken over. */
  stolen: Pair
  /** Somebody that the cluster knows, with no rights. */
  alice: Pair
  /** Of an authority that nobody here trusts, under any name. */
  foreign(commonName: string, ...organizations: string[]): Promise<Pair>
  /** Leaves the cluster as it was found. */
  leave(): Promise<void>
}

/**
 * Makes everything ready: a machine beside the cluster, and a pod on each of
 * two workers, each with a Secret of its own.
 */
export async function enter(guide: Guide): Promise<Ground> {
  const described = loadCluster(guide.file)
  const state = openState(described)
  const open = (entry: Cluster['machines'][number]) =>
    new Machine(
      entry,
      lazyHost(entry, state, () => undefined),
      { planning: false, journal: journal(), installer: installer(described) },
    )
  const machines = described.machines.map(open)
  const [controlPlanes, workers] = (['control-plane', 'worker'] as const).map(
    (role) => machines.filter((machine) => machine.is(role)),
  ) as [Machine[], Machine[]]
  const cluster = {
    ...{ ...described, identity: state.identity },
    ...{ machines, controlPlanes, workers },
  }
  const [taken, other] = workers
  if (!taken || !other) throw new Error('two workers are needed')
  const operator = new Operator(state, { planning: false, journal: journal() })
  const [server = ''] = described.controlPlanes.map((it) =>
    serverOf(described, it),
  )
  const api = apiOf(described)
  const stranger = open(await addStranger(guide))
  await stranger.run`apt-get -qq update; apt-get -qq install curl`
  await makePods(api, cluster, [taken, other])
  const nobodys = await createAuthority({ commonName: 'nobody', days: 1 })
  const certificate = (of: Pair, commonName: string, groups: string[]) =>
    issue({
      ...{ authority: of, commonName, organizations: groups, days: 1 },
      usages: ['client'],
    })
  const [pem, alice] = await Promise.all([
    taken.read`cat /var/lib/kubelet/pki/kubelet-client-current.pem`,
    certificate(operator.pair('cluster/ca'), 'alice', []),
  ])
  return {
    ...{ cluster, machines, controlPlanes, taken, other },
    ...{ operator, api, alice, server },
    asks: asker(server, operator.read('pki/cluster/ca.crt')),
    from: {
      'a pod': await insidePod(api, taken),
      'a stranger': vantage(stranger),
      'a node': vantage(taken),
    },
    // The file holds both, one after the other.
    stolen: { certificate: pem, key: pem },
    foreign: (name, ...groups) => certificate(nobodys, name, groups),
    async leave() {
      await stranger.run`systemctl poweroff --force`.catch(() => '')
      await removeAll(api)
    },
  }
}

function asker(server: string, authority: string): Ground['asks'] {
  return async (who, request, options = {}) => {
    const [method = '', where = ''] = request.split(' ')
    const { body, type = 'application/json', headers = {} } = options
    const { status, text } = await ask(server + where, {
      method,
      agent: agentFor({ authority, ...who }),
      headers: {
        ...(who.token && { authorization: `Bearer ${who.token}` }),
        ...(body !== undefined && { 'content-type': type }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    return { status, text, error: '' }
  }
}

// A machine of the lab that no step has ever seen. It goes with the lab.
async function addStranger(guide: Guide) {
  const text = guide.read()
  guide.edit(({ machines }) => {
    const [first] = machines
    const address = String(first?.address).replace(/\.\d+$/, '.29')
    machines.push({ name: 'stranger', address, roles: ['worker'] })
  })
  try {
    await guide.npm('lab', 'up', '--yes')
    const { machines } = loadCluster(guide.file)
    const found = machines.find(({ name }) => name === 'stranger')
    if (!found) throw new Error('the lab made no stranger')
    return found
  } finally {
    guide.write(text)
  }
}

/** A pod that runs on one machine, with a Secret of its own. */
export function podOn({ name }: { name: string }, image: string): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace },
    spec: {
      nodeName: name,
      serviceAccountName: `pod-on-${name}`,
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          ...{ name: 'pod', image, args: ['pause'] },
          envFrom: [{ secretRef: { name: `of-${name}` } }],
        },
      ],
    },
  }
}

async function makePods(
  api: KubernetesApi,
  cluster: Pick<Cluster, 'versions'>,
  machines: readonly Machine[],
) {
  await removeAll(api)
  const metadata = { name: namespace }
  await api.apply({ apiVersion: 'v1', kind: 'Namespace', metadata })
  const image = imageOf('agnhost', cluster)
  for (const machine of machines) {
    const inside = (name: string) => ({ metadata: { name, namespace } })
    const account = inside(`pod-on-${machine.name}`)
    const stringData = { word: `for pods on ${machine.name}` }
    const secret = inside(`of-${machine.name}`)
    await api.apply({ apiVersion: 'v1', kind: 'ServiceAccount', ...account })
    await api.apply({ apiVersion: 'v1', kind: 'Secret', ...secret, stringData })
    await api.apply(podOn(machine, image))
  }
  for (const { name } of machines) {
    await until(`the pod on ${name} runs`, async () => {
      const pod = await api.get(`${path}/pods/${name}`)
      return pod?.status.phase === 'Running'
    })
  }
}

async function removeAll(api: KubernetesApi) {
  const found = { apiVersion: 'v1', kind: 'Namespace' }
  await api.delete({ ...found, metadata: { name: namespace } })
  await until('nothing is left of refusals', async () => {
    return !(await api.get(`/api/v1/namespaces/${namespace}`))
  })
}

/** The network of a pod, with the programs of its machine. */
async function insidePod(api: KubernetesApi, machine: Machine) {
  const pod = await api.get(`${path}/pods/${machine.name}`)
  const ip = String(pod?.status.podIP)
  const name = await machine.read`
    for name in $(ip netns list | awk '{ print $1 }'); do
      [ -z "$(ip netns exec $name ip -o address show to ${ip})" ] || echo $name
    done`
  if (!name) throw new Error(`no network of ${ip} was found`)
  return vantage(machine, sh`nsenter --net=${`/run/netns/${name}`}`)
}
