import { addressAt, contains, parseRange, sizeOf } from './addresses.ts'
import { refusedOverride } from './cluster-overrides.ts'
import {
  components,
  type OverridableComponent,
  roles,
  type SoundParts,
} from './cluster-schema.ts'
import { knownVersions, kubeletSkew, withDefaults } from './cluster-versions.ts'
import { brokenNetworkRules } from './network-rules.ts'
import { type Finding, show } from './yaml-file.ts'

/**
 * What is wrong between the fields of cluster.yaml, each of them having the
 * right shape. Fields that are undefined are passed over, so that one mistake
 * is said once.
 *
 * @example
 * brokenRules({ networks: { pods: '10.0.0.0/8', services: '10.1.0.0/16' } })
 */
export function brokenRules(file: SoundParts): Finding[] {
  return [
    ...labFields(file),
    ...machineNames(file),
    ...machineAddresses(file),
    ...machineRoles(file),
    ...sshTargets(file),
    ...brokenNetworkRules(file),
    ...artifactSources(file),
    ...versions(file),
    ...overrides(file),
  ]
}

/**
 * What is wrong only for a cluster that does not exist yet. A running one may
 * have an even number of etcd members for a while, when one is replaced.
 *
 * @example
 * brokenCreationRules({ machines: [] })
 * @see https://etcd.io/docs/v3.6/faq/#why-an-odd-number-of-cluster-members
 */
export function brokenCreationRules({ machines = [] }: SoundParts): Finding[] {
  const members = machines.filter((m) => m?.roles?.includes('control-plane'))
  if (members.length % 2 === 1) return []
  return [
    {
      path: ['machines'],
      found: `${members.length} machines with the role control-plane`,
      allowed:
        'an odd number such as 1, 3 or 5: each runs an etcd member, and an ' +
        'even number survives no more failures than one less',
    },
  ]
}

/** Where a step was applied. */
export interface Running {
  machines: readonly string[]
  /** Absent in a record of a time when nobody asked. */
  controlPlanes?: readonly string[]
}

/**
 * What is wrong with the control planes of a cluster that runs: a machine
 * that has become one would be told to begin a new etcd, one that is none any
 * more would stay a member of it.
 *
 * @example
 * changedMembers({ machines: [] }, { machines: ['cp-1'] })
 */
export function changedMembers(
  { machines = [] }: SoundParts,
  running: Running,
): Finding[] {
  const { controlPlanes = running.machines } = running
  const now = machines.map((machine) =>
    machine?.roles?.includes('control-plane') ? machine.name : undefined,
  )
  const remedy =
    'is not what these steps do yet. Put cluster.yaml back as it was. How ' +
    'members are changed by hand is in docs/decisions/etcd.md; ' +
    '`npm run steps -- --undo --from 05 --cascade --forget` makes room for a ' +
    'new etcd, and loses all data'
  const added = now.flatMap((name, index): Finding[] => {
    if (!name || controlPlanes.includes(name)) return []
    return [
      {
        path: ['machines', index, 'name'],
        found: `${name} as a new control plane of a cluster that runs`,
        allowed: `${controlPlanes.join(', ')}; adding one ${remedy}`,
      },
    ]
  })
  const gone = (running.controlPlanes ?? []).filter(
    (name) => !now.includes(name),
  )
  if (gone.length === 0) return added
  const one = {
    path: ['machines'],
    found: `no control plane ${gone.join(', ')}, and the cluster runs with it`,
    allowed: `${controlPlanes.join(', ')}; removing one ${remedy}`,
  }
  return [one, ...added]
}

function labFields({ lab }: SoundParts): Finding[] {
  if (lab?.machines !== 'container') return []
  return (['os', 'sizes'] as const)
    .filter((field) => field in lab)
    .map((field) => ({
      path: ['lab', field],
      key: true,
      allowed:
        'only with machines: vm; containers have the system and the memory ' +
        'of this host',
    }))
}

// Names that a machine already knows, or that pods know the API by.
const reservedNames =
  /^(localhost|kubernetes|ip6-(localhost|loopback|allnodes|allrouters))$/

function machineNames({ machines = [] }: SoundParts): Finding[] {
  const names = machines.map((machine) => machine?.name)
  return names.flatMap((name, index): Finding[] => {
    const path = ['machines', index, 'name']
    if (name && reservedNames.test(name)) {
      return [{ path, allowed: 'a name that has no meaning yet' }]
    }
    return unique(names, index, path)
  })
}

function machineAddresses({
  machines = [],
  networks,
  lab,
}: SoundParts): Finding[] {
  const addresses = machines.map((machine) => machine?.address)
  const range = networks?.machines
  return addresses.flatMap((address, index): Finding[] => {
    const path = ['machines', index, 'address']
    if (!address) return []
    const twice = unique(addresses, index, path)
    if (twice.length || !range || !parseRange(range)?.aligned) return twice
    if (!contains(range, address)) {
      const allowed = `an address of networks.machines, ${range}`
      return [{ path, allowed }]
    }
    const purpose = reservedAddresses(range, Boolean(lab)).get(address)
    if (!purpose) return []
    const allowed = `another address of ${range}: this is ${purpose}`
    return [{ path, allowed }]
  })
}

function reservedAddresses(range: string, lab: boolean): Map<string, string> {
  const last = sizeOf(range) - 1
  const reserved = new Map([
    [addressAt(range, last), 'the broadcast address'],
    [addressAt(range, 0), 'the address of the network'],
  ])
  if (lab && last > 1) reserved.set(addressAt(range, 1), "the lab's own")
  return reserved
}

function machineRoles({ machines }: SoundParts): Finding[] {
  if (!machines) return []
  const given = machines.map((machine) => machine?.roles)
  const twice = given.flatMap((list = [], index) =>
    list.flatMap((_, place) =>
      unique(list, place, ['machines', index, 'roles', place]),
    ),
  )
  // A machine whose role is mistyped may be the one that is missing.
  if (given.some((list) => !list || list.includes(undefined))) return twice
  const missing = roles.filter((role) => !given.flat().includes(role))
  const why = {
    'control-plane': 'it runs etcd and the API server',
    worker:
      'cluster DNS and your pods run there; a control plane may have both ' +
      'roles',
  }
  return [
    ...twice,
    ...missing.map((role) => ({
      path: ['machines'],
      found: `no machine with the role ${role}`,
      allowed: `at least one: ${why[role]}`,
    })),
  ]
}

function sshTargets({ machines = [], ssh }: SoundParts): Finding[] {
  const targets = machines.map((machine) => {
    if (!machine?.ssh?.host) return undefined
    const { host, port, jump } = { ...ssh, ...machine.ssh }
    return `${host} port ${port ?? 22}${jump ? ` through ${jump}` : ''}`
  })
  return targets.flatMap((_, index) =>
    unique(targets, index, ['machines', index, 'ssh', 'host']),
  )
}

function artifactSources({ artifacts = {} }: SoundParts): Finding[] {
  const { sources, mirror } = artifacts
  if (!sources) return []
  const path = ['artifacts', 'sources']
  const twice = sources.flatMap((_, index) =>
    unique(sources, index, [...path, index]),
  )
  const at = sources.indexOf('mirror')
  if (at >= 0 && !('mirror' in artifacts)) {
    const allowed = 'artifacts.mirror as well: the URL of the mirror'
    return [...twice, { path: [...path, at], allowed }]
  }
  if (mirror && at < 0 && !sources.includes(undefined)) {
    const allowed = 'no mirror, or mirror among artifacts.sources'
    return [...twice, { path: ['artifacts', 'mirror'], allowed }]
  }
  return twice
}

function versions({ versions: chosen = {} }: SoundParts): Finding[] {
  const unknown = components.flatMap((component): Finding[] => {
    const version = chosen[component]
    const known = knownVersions(component)
    if (!version || known.includes(version)) return []
    const allowed = `${known.join(', ')} (lib/artifacts/versions.yaml)`
    return [{ path: ['versions', component], allowed }]
  })
  if ('kubernetes' in chosen && !chosen.kubernetes) return unknown
  if (!chosen.kubelet) return unknown
  const { kubernetes, kubelet } = withDefaults(chosen)
  const allowed = kubeletSkew(kubernetes, kubelet)
  if (!allowed) return unknown
  const path = ['versions', 'kubelet']
  const why = `${allowed}, for an API server ${kubernetes} (version skew)`
  const others = unknown.filter((finding) => finding.path[1] !== 'kubelet')
  return [...others, { path, allowed: why }]
}

function overrides({ overrides: byRole = {} }: SoundParts): Finding[] {
  return Object.entries(byRole).flatMap(([role, byComponent]) =>
    Object.entries(byComponent ?? {}).flatMap(([component, fields]) =>
      Object.keys(fields ?? {}).flatMap((field): Finding[] => {
        const allowed = refusedOverride(
          component as OverridableComponent,
          field,
        )
        const path = ['overrides', role, component, field]
        return allowed ? [{ path, key: true, allowed }] : []
      }),
    ),
  )
}

/** A finding when an earlier item of the list is the same. */
function unique<T>(
  list: readonly (T | undefined)[],
  index: number,
  path: Finding['path'],
): Finding[] {
  const item = list[index]
  if (item === undefined || list.indexOf(item) === index) return []
  return [
    { path, found: `${show(item)} a second time`, allowed: 'each only once' },
  ]
}
