import type { Artifact } from './artifacts/artifact.ts'
import {
  catalogue,
  componentOf,
  entryOf,
  imageReference,
  releaseOf,
} from './artifacts/catalogue.ts'
import { findCached, mirrorPath } from './artifacts/cache.ts'
import { printProgress } from './artifacts/progress.ts'
import type { Cluster, Component } from './cluster.ts'
import type { Facts } from './facts.ts'
import type { Host } from './host.ts'
import type { Machine } from './machine.ts'
import { type Script, sh } from './shell.ts'

/** Where a machine remembers which files were checked. */
export const stampFolder = '/var/lib/kubernetes-from-scratch/installed'

/** Puts what was released onto machines: binaries and images. */
export interface Installer {
  programs(
    machine: Machine,
    host: Host,
    names: readonly string[],
    folder: string,
  ): Promise<void>
  images(machine: Machine, host: Host, names: readonly string[]): Promise<void>
}

/** The name by which pods ask for an image, such as `pause`. */
export function imageOf(
  name: string,
  cluster: Pick<Cluster, 'versions'>,
): string {
  return imageReference(name, versionOf(name, cluster))
}

/**
 * An installer for the versions of a cluster. Each file comes in the first
 * way that works: from the operator's cache when it is there (through the
 * mirror, or over SSH), downloaded by the machine itself, or fetched or built
 * by the operator. Whichever it is, its sha256 is compared on the machine
 * before the file gets its name.
 *
 * @example
 * await installer(cluster).programs(machine, host, ['kubelet'], '/usr/bin')
 */
export function installer(cluster: Cluster): Installer {
  const { sources, mirror } = cluster.artifacts
  const find = async (name: string, { architecture }: Facts) => {
    const wanted = { name, version: versionOf(name, cluster), architecture }
    const found = await findCached(wanted, {})
    return typeof found === 'string' ? undefined : found
  }
  const fetch = async (name: string, { architecture }: Facts) => {
    // Loaded only when something has to be fetched: most runs have it all.
    const { obtain } = await import('./artifacts/obtain.ts')
    return obtain(name, versionOf(name, cluster), architecture, {
      sources,
      ...(mirror && { mirror }),
      report: printProgress(),
    })
  }

  async function deliver(host: Host, artifact: Artifact, to: string) {
    if (mirror) {
      const url = `${mirror}/${mirrorPath(artifact)}`
      const script = fetchScript(url, artifact.sha256, to)
      if (await host.holds(script)) return
    }
    await host.upload(artifact.file, to)
    await host.read(checkScript(artifact.sha256, to))
  }

  async function program(
    machine: Machine,
    host: Host,
    name: string,
    folder: string,
  ) {
    machine.journal.looked++
    const facts = await machine.facts()
    const version = versionOf(name, cluster)
    const path = `${folder}/${name}`
    const official = `${name} ${version} of the publisher`
    const known = await find(name, facts)
    const release = releaseOf(name, version, facts.architecture)
    const itself = !known && release?.sha256 && sources.includes('download')
    const wanted = known && !known.official ? known.sha256 : official
    if (await host.holds(stampedScript(path, wanted))) return
    machine.changed(path, [`install ${path} (${name} ${version})`])
    if (machine.planning) return

    await host.read(sh`install -d -m 755 ${folder} ${stampFolder}`)
    if (itself && release) {
      const { url, sha256 = '', member } = release
      const script = downloadScript(url, sha256, member, `${path}.new`)
      if (await host.holds(script)) {
        await host.read(nameScript(path, official))
        return
      }
    }
    const artifact = known ?? (await fetch(name, facts))
    await deliver(host, artifact, `${path}.new`)
    const identity = artifact.official ? official : artifact.sha256
    await host.read(nameScript(path, identity))
  }

  async function image(machine: Machine, host: Host, name: string) {
    machine.journal.looked++
    const reference = imageOf(name, cluster)
    const known = await find(name, await machine.facts())
    const digest = known?.digest ?? ''
    if (await host.holds(hasImageScript(reference, digest))) return
    machine.changed(`image ${reference}`)
    if (machine.planning) return

    const pull = sh`ctr -n k8s.io images pull ${reference}`
    if (!known && (await host.holds(pull))) return
    const artifact = known ?? (await fetch(name, await machine.facts()))
    const archive = `${stampFolder}/${name}.tar`
    await host.read(sh`install -d -m 755 ${stampFolder}`)
    await deliver(host, artifact, archive)
    await host.read(sh`
      ctr -n k8s.io images import ${archive} >/dev/null
      rm -f ${archive}`)
  }

  return {
    async programs(machine, host, names, folder) {
      for (const name of names) await program(machine, host, name, folder)
    },
    async images(machine, host, names) {
      for (const name of names) await image(machine, host, name)
    },
  }
}

function versionOf(name: string, { versions }: Pick<Cluster, 'versions'>) {
  if (name === 'kubelet') return versions.kubelet
  const component = componentOf(name)
  return (
    versions[component as Component] ?? entryOf(component, catalogue()).default
  )
}

// Hashing 100 MB on every run would cost more than all other checks of a
// machine together: a stamp says which file was checked, by size and time.
function stampedScript(path: string, wanted: string): Script {
  return sh`
    [ -x ${path} ] && [ "$(cat ${stampOf(path)})" = \
      ${wanted}" $(stat -c '%s %y' ${path})" ]`
}

function nameScript(path: string, identity: string): Script {
  return sh`
    chmod 755 ${path}.new
    chown root:root ${path}.new
    mv -fT ${path}.new ${path}
    echo ${identity}" $(stat -c '%s %y' ${path})" > ${stampOf(path)}`
}

function stampOf(path: string): string {
  return `${stampFolder}/${path.replace(/.*\//, '')}`
}

// openssl is several times as fast as sha256sum, and not everywhere.
const sum = sh`sum() {
  if command -v openssl >/dev/null; then openssl dgst -sha256 -r "$1"
  else sha256sum "$1"; fi | cut -d ' ' -f 1
}`

function checkScript(sha256: string, path: string): Script {
  return sh`
    ${sum}
    found=$(sum ${path})
    if [ "$found" != ${sha256} ]; then
      rm -f ${path}
      echo "checksum of "${path}" is $found, not "${sha256} >&2
      exit 1
    fi`
}

function fetchScript(url: string, sha256: string, to: string): Script {
  return sh`
    curl --silent --show-error --fail --location --connect-timeout 3 \
      --output ${to} ${url}
    ${checkScript(sha256, to)}`
}

function downloadScript(
  url: string,
  sha256: string,
  member: string | undefined,
  to: string,
): Script {
  if (!member) return fetchScript(url, sha256, to)
  const archive = `${stampFolder}/download`
  return sh`
    ${fetchScript(url, sha256, archive)}
    tar --extract --to-stdout --file ${archive} ${member} > ${to}
    rm -f ${archive}`
}

function hasImageScript(reference: string, digest: string): Script {
  return sh`
    ctr -n k8s.io images ls name==${reference} |
      awk -v want=${digest} 'NR > 1 && (want == "" || $3 == want) { found = 1 }
        END { exit !found }'`
}
