import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  addressAt,
  contains,
  overlap,
  parseAddress,
} from '../../lib/addresses.ts'
import {
  assertCreatable,
  type Cluster,
  clusterFileFromArguments,
  loadCluster,
  loadClusterFile,
} from '../../lib/cluster.ts'
import { knownVersions } from '../../lib/cluster-versions.ts'
import { generated, smallest, write } from './cluster-samples.ts'

const root = resolve(import.meta.dirname, '..', '..')
const load = (fields?: Record<string, unknown>) =>
  loadCluster(write(smallest(fields)))

describe('the files that ship', () => {
  it('make three control planes and two workers by default', () => {
    const { cluster, lab } = loadClusterFile(join(root, 'cluster.yaml'))
    expect(cluster.name).toBe('scratch')
    expect(cluster.controlPlanes).toHaveLength(3)
    expect(cluster.workers).toHaveLength(2)
    expect(lab).toEqual({ machines: 'container' })
  })

  it('make one machine that is everything in single.yaml', () => {
    const { controlPlanes, workers } = loadCluster(join(root, 'single.yaml'))
    expect(controlPlanes).toEqual(workers)
    expect(workers).toHaveLength(1)
  })

  it('share no address, so that both clusters can run at once', () => {
    const [one, other] = ['cluster.yaml', 'single.yaml'].map((file) => {
      const { machines, pods, services } = loadCluster(
        join(root, file),
      ).networks
      return [machines, pods, services]
    })
    for (const range of one ?? []) {
      for (const beside of other ?? []) {
        expect(overlap(range, beside), `${range} and ${beside}`).toBe(false)
      }
    }
  })

  it.each(['cluster.yaml', 'single.yaml'])('can create %s', (file) => {
    expect(() => assertCreatable(join(root, file))).not.toThrow()
  })
})

describe('what follows from any cluster file', () => {
  const seeds = Array.from({ length: 60 }, (_, index) => index + 1)

  it.each(seeds)('holds the invariants of the design (seed %i)', (seed) => {
    const cluster = loadCluster(write(generated(seed)))
    const { networks } = cluster
    const ranges = [networks.machines, networks.pods, networks.services]

    expect(contains(networks.services, cluster.kubernetesServiceAddress)).toBe(
      true,
    )
    expect(cluster.apiServerAddresses).toContain(
      cluster.kubernetesServiceAddress,
    )
    expect(contains(networks.services, cluster.dnsAddress)).toBe(true)
    expect(cluster.dnsAddress).not.toBe(cluster.kubernetesServiceAddress)
    for (const [place, range] of ranges.entries()) {
      for (const other of ranges.slice(0, place)) {
        expect(overlap(range, other), `${range} and ${other}`).toBe(false)
      }
    }
    for (const { name, address } of cluster.controlPlanes) {
      expect(cluster.apiServerNames).toContain(name)
      expect(cluster.apiServerAddresses).toContain(address)
    }
    for (const address of cluster.apiServerAddresses) {
      expect(parseAddress(address), address).toBeDefined()
    }
    for (const name of cluster.apiServerNames) {
      expect(parseAddress(name), name).toBeUndefined()
    }
    const { endpoint } = cluster
    if (endpoint) {
      const subjects = [
        ...cluster.apiServerNames,
        ...cluster.apiServerAddresses,
      ]
      expect(subjects).toContain(endpoint.host)
    }
    for (const { address } of cluster.machines) {
      expect(contains(networks.machines, address)).toBe(true)
    }
    expect(
      2 ** (networks.podsPerMachine - Number(networks.pods.split('/')[1])),
    ).toBeGreaterThanOrEqual(cluster.machines.length)
    for (const [component, version] of Object.entries(cluster.versions)) {
      const known = knownVersions(component as keyof Cluster['versions'])
      expect(known).toContain(version)
    }
  })

  it.each(seeds)('ignores the order of machines (seed %i)', (seed) => {
    const content = generated(seed)
    const reordered = { ...content, machines: content.machines.toReversed() }
    const one = loadCluster(write(content))
    const other = loadCluster(write(reordered))
    const byName = (cluster: Cluster) =>
      Object.fromEntries(
        cluster.machines.map((machine) => [
          machine.name,
          { machine, kubelet: cluster.overridesFor(machine, 'kubelet') },
        ]),
      )
    expect(byName(other)).toEqual(byName(one))
    const shared = ({
      apiServerNames,
      apiServerAddresses,
      versions,
    }: Cluster) => ({ apiServerNames, apiServerAddresses, versions })
    expect(shared(other)).toEqual(shared(one))
  })
})

describe('a loaded cluster', () => {
  it('takes its own addresses from the service range', () => {
    const cluster = load()
    expect(cluster.kubernetesServiceAddress).toBe('10.30.0.1')
    expect(cluster.dnsAddress).toBe(addressAt('10.30.0.0/16', 10))
  })

  it('names the API server as Kubernetes documents it', () => {
    expect(load().apiServerNames).toEqual([
      'kubernetes',
      'kubernetes.default',
      'kubernetes.default.svc',
      'kubernetes.default.svc.cluster.local',
      'localhost',
      'box',
    ])
    expect(load().apiServerAddresses).toEqual([
      '127.0.0.1',
      '10.30.0.1',
      '10.10.0.11',
    ])
  })

  it('adds the endpoint to names or addresses, and never twice', () => {
    const byName = load({ endpoint: 'api.example.com:443' })
    expect(byName.endpoint).toEqual({ host: 'api.example.com', port: 443 })
    expect(byName.apiServerNames.at(-1)).toBe('api.example.com')
    const byAddress = load({ endpoint: '10.10.0.99:6443' })
    expect(byAddress.apiServerAddresses.at(-1)).toBe('10.10.0.99')
    const known = load({ endpoint: '10.10.0.11:6443' })
    expect(known.apiServerAddresses).toEqual(load().apiServerAddresses)
  })

  it('does not tell steps about the lab', () => {
    const file = write(smallest({ lab: { machines: 'container' } }))
    expect(JSON.stringify(loadCluster(file))).not.toContain('lab')
    expect(loadClusterFile(file).lab).toEqual({ machines: 'container' })
    expect(loadClusterFile(write(smallest()))).not.toHaveProperty('lab')
  })

  it('keeps its state in a folder of its name', () => {
    expect(load().directory).toMatch(/\/kubernetes-from-scratch\/sample$/)
  })

  it('fills in what the file leaves out', () => {
    const cluster = load()
    expect(cluster.networks.podsPerMachine).toBe(24)
    expect(cluster.networks.domain).toBe('cluster.local')
    expect(cluster.choices).toEqual({ podNetwork: 'routes' })
    expect(cluster.artifacts).toEqual({
      sources: ['download', 'cache', 'build'],
    })
    expect(cluster).not.toHaveProperty('endpoint')
    expect(cluster).not.toHaveProperty('outside')
  })

  it('tries a mirror after the publisher when no order is given', () => {
    const mirror = 'http://10.10.0.1:8089'
    expect(load({ artifacts: { mirror } }).artifacts).toEqual({
      sources: ['download', 'mirror', 'cache', 'build'],
      mirror,
    })
  })

  it('lets the kubelet follow Kubernetes unless it is chosen', () => {
    const older = load({ versions: { kubernetes: '1.36.4' } }).versions
    expect(older.kubelet).toBe('1.36.4')
    const skewed = load({ versions: { kubelet: '1.36.4' } }).versions
    expect(skewed).toMatchObject({ kubernetes: '1.37.1', kubelet: '1.36.4' })
  })
})

describe('how SSH reaches a machine', () => {
  const withSsh = (ssh: unknown, own: unknown) => {
    const [machine] = smallest().machines
    const file = write(smallest({ ssh, machines: [{ ...machine, ssh: own }] }))
    return { ssh: loadCluster(file).machines[0]?.ssh, folder: dirname(file) }
  }

  it('is its address when nothing else is said', () => {
    expect(load().machines[0]?.ssh).toEqual({ host: '10.10.0.11' })
  })

  it('is what the machine says, then what holds for all', () => {
    const all = { user: 'admin', port: 2222 }
    const { ssh } = withSsh(all, { host: 'node', port: 22, jump: 'a@b:1' })
    expect(ssh).toEqual({
      host: 'node',
      user: 'admin',
      port: 22,
      jump: 'a@b:1',
    })
  })

  it('takes a key from home, from the folder of the file, or as it is', () => {
    const key = (text: string) => withSsh({ key: text }, {})
    expect(key('~/.ssh/id').ssh?.key).toBe(join(homedir(), '.ssh', 'id'))
    const { ssh, folder } = key('keys/id')
    expect(ssh?.key).toBe(join(folder, 'keys', 'id'))
    expect(key('/etc/key').ssh?.key).toBe('/etc/key')
  })
})

describe('an even number of etcd members', () => {
  const machines = ['a', 'b'].map((name, index) => ({
    name,
    address: `10.10.0.1${index}`,
    roles: ['control-plane', 'worker'],
  }))

  it('is loaded, because a running cluster may pass through it', () => {
    expect(load({ machines }).controlPlanes).toHaveLength(2)
  })

  it('is refused at creation, with its place in the file', () => {
    const file = write(smallest({ machines }))
    expect(() => assertCreatable(file)).toThrow(
      `${file}:3:3: machines: found 2 machines with the role control-plane, ` +
        'allowed: an odd number such as 1, 3 or 5',
    )
  })
})

describe('the cluster that a command is about', () => {
  const from = (argv: string[], env: Record<string, string> = {}) =>
    clusterFileFromArguments(argv, env)

  it('is cluster.yaml of the repository by default', () => {
    expect(from([])).toBe(join(root, 'cluster.yaml'))
    expect(from([], { CLUSTER: '' })).toBe(join(root, 'cluster.yaml'))
  })

  it('is named by either form of --cluster, before the variable', () => {
    const env = { CLUSTER: '/other.yaml' }
    expect(from(['--plan', '--cluster', '/a.yaml'], env)).toBe('/a.yaml')
    expect(from(['--cluster=/a=b.yaml'], env)).toBe('/a=b.yaml')
    expect(from([], env)).toBe('/other.yaml')
  })

  it('starts where the command was typed, also under npm run', () => {
    const here = process.cwd()
    expect(from(['--cluster', 'x.yaml'])).toBe(join(here, 'x.yaml'))
    const typedIn = { INIT_CWD: '/elsewhere' }
    process.chdir(root)
    expect(from(['--cluster', 'x.yaml'], typedIn)).toBe('/elsewhere/x.yaml')
    process.chdir('/')
    expect(from(['--cluster', 'x.yaml'], typedIn)).toBe('/x.yaml')
    process.chdir(here)
  })

  it('leaves alone what follows --', () => {
    expect(from(['--', '--cluster', 'x'])).toBe(join(root, 'cluster.yaml'))
  })

  it('is refused when --cluster stands without a file', () => {
    for (const argv of [
      ['--cluster'],
      ['--cluster='],
      ['--cluster', '--plan'],
    ]) {
      expect(() => from(argv)).toThrow('allowed: a file such as single.yaml')
    }
  })
})
