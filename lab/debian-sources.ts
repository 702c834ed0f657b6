import { execa } from 'execa'

// Format of `apt-get indextargets` that `debianSources` reads.
const indexTargetFormat = '$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(ORIGIN)'

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg'

/**
 * The sources of a Debian release that this host would take, or the mirror
 * that DEBIAN_MIRROR names.
 */
export async function hostSources(release: string): Promise<string[]> {
  // For a host that is not Debian, or whose mirror lacks this release.
  const chosen = process.env.DEBIAN_MIRROR
  if (chosen) return [`deb ${chosen} ${release} main`]
  const { stdout = '' } = await execa(
    'apt-get',
    [
      ...['indextargets', '--format', indexTargetFormat],
      'Created-By: Packages',
    ],
    { reject: false },
  )
  return debianSources(stdout, release)
}

/**
 * Turns the package sources of this host into those of the base system, so
 * that whatever mirror the host uses is used for it, too. Only Debian's own
 * archive counts; of a host with another release only the address is taken.
 *
 * @param targets lines that `apt-get indextargets` printed
 * @param release of the base system
 * @returns lines for sources.list; none on a host that is not Debian
 * @example
 * debianSources('http://mirror/debian/|trixie-updates|main|Debian', 'bookworm')
 * // ['deb [signed-by=…] http://mirror/debian/ bookworm-updates main']
 */
export function debianSources(targets: string, release: string): string[] {
  const lines = targets.split('\n').flatMap((line) => {
    const [uri, suite = '', component, origin] = line.split('|')
    // A host whose lists are empty does not know the origin yet.
    const isDebian = origin === 'Debian' || origin?.startsWith('$(')
    if (!isDebian || component !== 'main') return []
    const kind = /^[a-z]+(?:[-/](updates|security))?$/.exec(suite)
    if (!kind) return []
    const wanted = kind[1] ? `${release}-${kind[1]}` : release
    return [`deb [signed-by=${keyring}] ${uri} ${wanted} main`]
  })
  return [...new Set(lines)].sort()
}

/**
 * The part of the host's apt configuration that says how to fetch: proxies,
 * time limits, whether old indexes are accepted.
 *
 * @param dump what `apt-config dump` printed
 */
export function fetchOptions(dump: string): string[] {
  const wanted =
    /^Acquire::(https?|ftp|Retries|Check-|ForceIPv|Max-ValidTime)\S* "[^"]+";$/i
  return dump.split('\n').filter((line) => wanted.test(line))
}
