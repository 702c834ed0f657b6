import { describe } from '../../lib/pki.ts'
import type { BuiltCluster, BuiltMachine } from './cluster.ts'
import { generic } from './files.ts'

/** A certificate that step 03 issues, for one machine or for all. */
export interface CertificateEntry {
  /** Below `pki/` of the state folder, without its ending. */
  file: string
  commonName: string
  organizations: string[]
  names: string[]
  addresses: string[]
  usages: string[]
  isAuthority: boolean
  /** Common name of the authority that signed it. */
  issuer: string
  days: number
  /** Where on machines its key is, in a file or a kubeconfig. */
  keyOn: string[]
}

/**
 * Every certificate of the state folder, as it says itself. Those that differ
 * only by machine are one, with NAME and ADDRESS in it.
 *
 * @example
 * certificatesOf(cluster).map(({ commonName }) => commonName)
 */
export function certificatesOf(cluster: BuiltCluster): CertificateEntry[] {
  const entries = new Map<string, CertificateEntry>()
  for (const [path, content] of Object.entries(cluster.state)) {
    if (!path.endsWith('.crt')) continue
    const entry = entryOf(path.replace(/\.crt$/, ''), content, cluster)
    const same = entries.get(entry.file)
    const whole = JSON.stringify({ ...entry, keyOn: [] })
    if (same && JSON.stringify({ ...same, keyOn: [] }) !== whole) {
      throw new Error(`${path} differs in more than its machine: ${whole}`)
    }
    const keyOn = new Set([...(same?.keyOn ?? []), ...entry.keyOn])
    entries.set(entry.file, { ...entry, keyOn: [...keyOn] })
  }
  // An authority first, then what it signed.
  return [...entries.values()].sort((a, b) =>
    key(a) < key(b) ? -1 : Number(key(a) > key(b)),
  )
}

const key = ({ issuer, isAuthority, file }: CertificateEntry) =>
  `${issuer} ${isAuthority ? 0 : 1} ${file}`

function entryOf(
  file: string,
  certificate: string,
  cluster: BuiltCluster,
): CertificateEntry {
  const said = describe(certificate)
  const privateKey = cluster.state[`${file}.key`] ?? ''
  const owner = cluster.machines.find(({ name }) => file.endsWith(`-${name}`))
  const milliseconds = said.notAfter.getTime() - said.notBefore.getTime()
  return {
    file: generic(file.replace(/^pki\//, ''), cluster),
    commonName: generic(said.commonName, cluster),
    organizations: said.organizations,
    names: collapse(said.dnsNames, 'name', owner, cluster),
    addresses: collapse(said.addresses, 'address', owner, cluster),
    usages: said.usages,
    isAuthority: said.isAuthority,
    issuer: said.issuerCommonName,
    days: Math.round(milliseconds / 86_400_000),
    keyOn: placesOf(privateKey, cluster),
  }
}

// The names of all control planes are one, and so is that of the machine.
function collapse(
  values: readonly string[],
  field: 'name' | 'address',
  owner: BuiltMachine | undefined,
  { machines }: BuiltCluster,
): string[] {
  const all = machines
    .filter(({ roles }) => roles.includes('control-plane'))
    .map((machine) => machine[field])
  if (all.every((one) => values.includes(one))) {
    const rest = values.filter((value) => !all.includes(value))
    return [...rest, `${field} of every control plane`]
  }
  const own = owner?.[field]
  return values.map((one) => (one === own ? field.toUpperCase() : one))
}

function placesOf(privateKey: string, cluster: BuiltCluster): string[] {
  const inBase64 = Buffer.from(privateKey).toString('base64')
  const places = cluster.machines.flatMap(({ files }) =>
    Object.entries(files)
      .filter(
        ([, { content }]) =>
          content === privateKey || content.includes(inBase64),
      )
      .map(([path]) => path),
  )
  return [...new Set(places)]
}
