import { contains, formatAddress, overlap, parseRange } from './addresses.ts'
import { mergedOverrides } from './cluster-overrides.ts'
import type { ClusterFile, SoundParts } from './cluster-schema.ts'
import type { Finding } from './yaml-file.ts'

/**
 * What is wrong with the address ranges of cluster.yaml, and with addresses
 * that must lie outside of them.
 *
 * @example
 * brokenNetworkRules({
 *   networks: { pods: '10.0.0.0/8', services: '10.1.0.0/16' },
 * })
 */
export function brokenNetworkRules(file: SoundParts): Finding[] {
  return [
    ...rangesAlone(file),
    ...rangesTogether(file),
    ...podRange(file),
    ...addressesOutside(file),
  ]
}

const specialRanges = {
  '0.0.0.0/8': 'this network',
  '127.0.0.0/8': 'loopback',
  '169.254.0.0/16': 'link-local',
  '224.0.0.0/4': 'multicast',
  '240.0.0.0/4': 'reserved',
}

const rangeNames = ['machines', 'pods', 'services'] as const

function rangesAlone({ networks = {} }: SoundParts): Finding[] {
  return rangeNames.flatMap((name): Finding[] => {
    const text = networks[name]
    const range = text && parseRange(text)
    if (!text || !range) return []
    const path = ['networks', name]
    const special = Object.entries(specialRanges)
      .filter(([other]) => overlap(text, other))
      .map(([other, use]) => ({
        path,
        allowed: `a range without addresses of ${other} (${use})`,
      }))
    if (!range.aligned) {
      const mended = `${formatAddress(range.first)}/${range.prefix}`
      return [{ path, allowed: `the first address of the range: ${mended}` }]
    }
    if (special.length) return special.slice(0, 1)
    if (name === 'services' && (range.prefix < 12 || range.prefix > 28)) {
      // The API server allocates at most 20 bits; DNS is the tenth address.
      return [{ path, allowed: 'a range from /12 to /28' }]
    }
    return []
  })
}

function rangesTogether({ networks = {} }: SoundParts): Finding[] {
  return rangeNames.flatMap((name, place) => {
    const range = networks[name]
    return rangeNames.slice(0, place).flatMap((other) => {
      const before = networks[other]
      if (!range || !before || !overlap(range, before)) return []
      const taken = `networks.${other}, ${before}`
      const allowed = `a range that shares no address with ${taken}`
      return [{ path: ['networks', name], allowed }]
    })
  })
}

// The allocator of the controller manager keeps a bit for each part.
const mostPartBits = 16

function podRange(file: SoundParts): Finding[] {
  const { machines = [], networks = {} } = file
  const pods = networks.pods && parseRange(networks.pods)
  const part =
    'podsPerMachine' in networks ? networks.podsPerMachine : defaultPart
  if (!pods || !part) return []
  const path = ['networks', 'podsPerMachine']
  const found = `/${part}`
  if (part < pods.prefix || part > pods.prefix + mostPartBits) {
    const most = Math.min(pods.prefix + mostPartBits, 30)
    const within = `in the pod range ${networks.pods}`
    const allowed = `from ${pods.prefix} to ${most} ${within}`
    return [{ path, found, allowed }]
  }
  const parts = 2 ** (part - pods.prefix)
  if (parts < machines.length) {
    const allowed =
      `a range that holds one /${part} for each of ` +
      `${machines.length} machines; it holds ${parts}`
    return [{ path: ['networks', 'pods'], allowed }]
  }
  // Network, broadcast and the machine's own bridge take one address each.
  const room = 2 ** (32 - part) - 3
  const needed = mostPods(file)
  if (room >= needed) return []
  const allowed =
    `room for the ${needed} pods that a kubelet runs (maxPods); ` +
    `/${part} has ${room} addresses for them`
  return [{ path, found, allowed }]
}

const defaultPart = 24
// Default of the kubelet.
const defaultMaxPods = 110

/** The pods that the busiest kubelet may run. */
function mostPods({ machines = [], overrides }: SoundParts): number {
  const kubelets = machines.map((machine) => {
    const given = machine?.roles?.filter((role) => role !== undefined)
    // What has the wrong type is left out of both, so the cast is true.
    const sound = overrides as ClusterFile['overrides']
    const { maxPods } = mergedOverrides(sound, given ?? [], 'kubelet')
    return typeof maxPods === 'number' ? maxPods : defaultMaxPods
  })
  return Math.max(0, ...kubelets)
}

function addressesOutside({ networks = {}, checks, endpoint }: SoundParts) {
  const outside = checks?.outside?.address
  const name = checks?.outside?.name
  const { domain = 'cluster.local' } = networks
  const findings: Finding[] = []
  const avoid = (
    address: string | undefined,
    names: readonly (typeof rangeNames)[number][],
    path: string[],
  ) => {
    for (const other of names) {
      const range = networks[other]
      if (!address || !range || !contains(range, address)) continue
      const allowed = `an address outside of networks.${other}, ${range}`
      findings.push({ path, allowed })
    }
  }
  avoid(outside, rangeNames, ['checks', 'outside', 'address'])
  avoid(endpoint?.split(':')[0], ['pods', 'services'], ['endpoint'])
  if (name === domain || name?.endsWith(`.${domain}`)) {
    const path = ['checks', 'outside', 'name']
    const allowed = `a name outside of networks.domain, ${domain}`
    findings.push({ path, allowed })
  }
  return findings
}
