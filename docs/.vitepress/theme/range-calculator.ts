import {
  addressAt,
  formatAddress,
  parseRange,
  type Range,
  sizeOf,
} from '../../../lib/addresses.ts'
import { brokenNetworkRules } from '../../../lib/network-rules.ts'

/** What is typed into the calculator, as `networks` of cluster.yaml has it. */
export interface Networks {
  machines: string
  pods: string
  /** Prefix length of the part that one machine takes of the pod range. */
  podsPerMachine: string
  services: string
}

export type Field = keyof Networks

/** Something wrong with a field, in words. */
export interface Mistake {
  field: Field
  message: string
}

/** What a set of ranges has room for. */
export interface Room {
  /** Machines that the pod range has a part for. */
  podParts: number
  /** Machines that the machine range has an address for. */
  machineAddresses: number
  /** Machines that fit into both. */
  machines: number
  /** Addresses for pods on one machine. */
  podAddresses: number
  /** Pods that a kubelet runs on one machine when nothing else is said. */
  podsPerMachine: number
  /** Pods that all machines run together. */
  pods: number
  firstPart: string
  lastPart: string
  /** Services with an address of their own, `kubernetes` and DNS included. */
  services: number
  kubernetesService: string
  dns: string
}

// Default of maxPods of the kubelet; a test compares it with the rules.
const defaultMaxPods = 110

/**
 * Everything that is wrong with a set of ranges: first what each field says by
 * itself, then the rules that cluster.yaml is checked with.
 *
 * @example
 * mistakesIn({
 *   machines: '10.10.0.0/24',
 *   pods: '10.20.0.0/16',
 *   podsPerMachine: '24',
 *   services: '10.20.4.0/22',
 * })[0]?.field // 'services'
 */
export function mistakesIn(networks: Networks): Mistake[] {
  const unreadable = fields.flatMap((field): Mistake[] => {
    const found = networks[field].trim()
    if (isReadable(field, found)) return []
    const seen = found === '' ? 'nothing' : found
    return [{ field, message: `found ${seen}, allowed: ${wanted[field]}` }]
  })
  const broken = new Set(unreadable.map(({ field }) => field))
  const range = (field: Exclude<Field, 'podsPerMachine'>) =>
    broken.has(field) ? undefined : networks[field].trim()
  const podsPerMachine = broken.has('podsPerMachine')
    ? undefined
    : Number(networks.podsPerMachine)
  const findings = brokenNetworkRules({
    // One machine, so that its pods are counted.
    machines: [{ roles: ['worker'] }],
    networks: {
      machines: range('machines'),
      pods: range('pods'),
      podsPerMachine,
      services: range('services'),
    },
  })
  const rules = findings.map(({ path, found, allowed }): Mistake => {
    const field = path[1] as Field
    const seen = found ?? networks[field].trim()
    return { field, message: `found ${seen}, allowed: ${allowed}` }
  })
  return [...unreadable, ...rules]
}

/**
 * What a set of ranges has room for.
 *
 * @returns undefined while a field cannot be read
 * @example
 * roomIn({
 *   machines: '10.10.0.0/24',
 *   pods: '10.20.0.0/16',
 *   podsPerMachine: '24',
 *   services: '10.30.0.0/16',
 * })?.machines // 254
 */
export function roomIn(networks: Networks): Room | undefined {
  const pods = parseRange(networks.pods.trim())
  const machines = parseRange(networks.machines.trim())
  const services = parseRange(networks.services.trim())
  const { podsPerMachine } = networks
  const part = isReadable('podsPerMachine', podsPerMachine.trim())
    ? Number(podsPerMachine)
    : undefined
  if (!pods || !machines || !services || !part) return undefined
  if (part < pods.prefix) return undefined

  const podParts = 2 ** (part - pods.prefix)
  // The address of the network and the broadcast address are nobody's.
  const machineAddresses = Math.max(0, size(machines) - 2)
  // On a machine, its bridge takes one more.
  const podAddresses = Math.max(0, 2 ** (32 - part) - 3)
  const perMachine = Math.min(podAddresses, defaultMaxPods)
  const count = Math.min(podParts, machineAddresses)
  return {
    podParts,
    machineAddresses,
    machines: count,
    podAddresses,
    podsPerMachine: perMachine,
    pods: count * perMachine,
    firstPart: `${formatAddress(pods.first)}/${part}`,
    lastPart: `${formatAddress(pods.last - 2 ** (32 - part) + 1)}/${part}`,
    services: Math.max(0, size(services) - 2),
    kubernetesService: nth(services, 1),
    dns: nth(services, 10),
  }
}

const fields = ['machines', 'pods', 'podsPerMachine', 'services'] as const

const wanted: Record<Field, string> = {
  machines: 'an IPv4 range such as 10.10.0.0/24',
  pods: 'an IPv4 range such as 10.20.0.0/16',
  podsPerMachine: 'a prefix length such as 24',
  services: 'an IPv4 range such as 10.30.0.0/16',
}

function isReadable(field: Field, text: string): boolean {
  if (field !== 'podsPerMachine') return parseRange(text) !== undefined
  return /^\d+$/.test(text) && Number(text) >= 8 && Number(text) <= 30
}

const cidr = ({ first, prefix }: Range) => `${formatAddress(first)}/${prefix}`

const size = (range: Range) => sizeOf(cidr(range))

/** An address of the range, or in words that it is too small to have one. */
function nth(range: Range, place: number): string {
  if (place >= size(range)) return 'none: the range is too small'
  return addressAt(cidr(range), place)
}
