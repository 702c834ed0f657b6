import type { Artifact } from './artifacts/artifact.ts'
import { findCached, mirrorPath } from './artifacts/cache.ts'
import {
  catalogue,
  componentOf,
  entryOf,
  imageReference,
  pinOf,
  releaseOf,
} from './artifacts/catalogue.ts'
import { printProgress } from './artifacts/progress.ts'
import type { Cluster, Component } from './cluster.ts'
import { CommandError } from './errors.ts'
import type { Facts } from './facts.ts'
import { checkScript, fetchScript, wrongSum } from './fetch.ts'
import type { Host } from './host.ts'
import type { Machine } from './machine.ts'
import { patient } from './patience.ts'
import { type Script, sh } from './shell.ts'
import { spending } from './time-spent.ts'

/** Where a machine remembers which files were checked. */
export const stampFolder = '/var/lib/kubernetes-from-scratch/installed'

/** Puts what was released onto machines: binaries and images. */
export interface Installer {
  /** Has programs in a folder of the machine. */
  programs(
    machine: Machine,
    host: Host,
    names: readonly string[],
    folder: string,
  ): Promise<void>
  /** Has images in the runtime of the machine. */
  images(machine: Machine, host: Host, names: readonly string[]): Promise<void>
}

/**
 * The name by which pods ask for an image, such as `pause`.
 *
 * @example
 * imageOf('pause', cluster) // 'registry.k8s.io/pause:3.10.2'
 */
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
    const version = versionOf(name, cluster)
    const pin = releaseOf(name, version, architecture)?.sha256
    const wanted = { name, version, architecture }
    const found = await findCached(wanted, pin ? { pin } : {})
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
    const { sha256, file } = artifact
    const url = `${mirror}/${mirrorPath(artifact)}`
    if (mirror && (await succeeds(host, fetchScript(url, sha256, to)))) return
    await host.upload(file, to)
    await host.read(checkScript(sha256, to))
  }

  async function wanted(name: string, folder: string, facts: Facts) {
    const known = await find(name, facts)
    const path = `${folder}/${name}`
    return { name, path, known, identity: identityOf(name, known) }
  }

  // What was downloaded from the publisher is known without our cache.
  function identityOf(name: string, artifact: Artifact | undefined): string {
    return !artifact || artifact.official
      ? `${name} ${versionOf(name, cluster)} of the publisher`
      : artifact.sha256
  }

  async function program(
    machine: Machine,
    host: Host,
    { name, path, known, identity }: Wanted,
  ) {
    if (machine.planning) {
      const version = versionOf(name, cluster)
      machine.changed(path, [`install ${path} (${name} ${version})`])
      return
    }
    const facts = await machine.facts()
    const here = `${path}.new`
    const downloads = () => downloadsItself(host, name, facts, here)
    if (!known && (await spending('transfer', downloads()))) {
      await host.read(nameScript(path, identity))
      machine.changed(path)
      return 'downloaded'
    }
    const artifact = known ?? (await spending('transfer', fetch(name, facts)))
    const its = identityOf(name, artifact)
    // What was lost in the operator's cache may be what is installed here.
    const again = [{ path, identity: its }]
    if (!known && (await missing(host, again)).length === 0) return
    await spending('transfer', deliver(host, artifact, here))
    await host.read(nameScript(path, its))
    machine.changed(path)
  }

  // Only what is pinned here, and needs no word of the publisher besides.
  async function downloadsItself(
    host: Host,
    name: string,
    { architecture }: Facts,
    to: string,
  ) {
    if (!sources.includes('download')) return false
    const version = versionOf(name, cluster)
    const release = releaseOf(name, version, architecture)
    if (!release?.sha256 || release.confirm) return false
    const { url, sha256, member } = release
    return succeeds(host, downloadScript(url, sha256, member, to))
  }

  async function image(machine: Machine, host: Host, name: string) {
    machine.journal.looked++
    const reference = imageOf(name, cluster)
    const known = await find(name, await machine.facts())
    const digest = known?.digest ?? ''
    if (await host.holds(hasImageScript(reference, digest))) return
    machine.changed(`image ${reference}`)
    if (machine.planning) return
    await spending('transfer', bringImage(machine, host, name, known))
  }

  async function bringImage(
    machine: Machine,
    host: Host,
    name: string,
    known: Artifact | undefined,
  ) {
    const facts = await machine.facts()
    if (!known && (await pullsItself(host, name, facts))) return
    const artifact = known ?? (await fetch(name, facts))
    const archive = `${stampFolder}/${name}.tar`
    await host.read(sh`install -d -m 755 ${stampFolder}`)
    await deliver(host, artifact, archive)
    // Unpacked where a pod runs it, when one does. `--local`: containerd's
    // newer way of importing takes twice as long.
    await host.read(sh`
      ctr -n k8s.io images import --local --no-unpack ${archive} >/dev/null
      rm -f ${archive}`)
  }

  async function pullsItself(
    host: Host,
    name: string,
    { architecture }: Facts,
  ) {
    if (!sources.includes('download')) return false
    const version = versionOf(name, cluster)
    const { sha256 } = entryOf(componentOf(name))
    const pin = pinOf(sha256, name, version, architecture)
    return host.holds(pullScript(imageOf(name, cluster), pin))
  }

  return {
    async programs(machine, host, names, folder) {
      machine.journal.looked += names.length
      const facts = await machine.facts()
      const all = names.map((name) => wanted(name, folder, facts))
      const left = await missing(host, await Promise.all(all))
      if (left.length > 0 && !machine.planning) {
        await host.read(sh`install -d -m 755 ${folder} ${stampFolder}`)
      }
      let downloaded = false
      for (const one of left) {
        const way = await program(machine, host, one)
        downloaded ||= way === 'downloaded'
      }
      if (downloaded) await host.remove([downloads])
    },
    async images(machine, host, names) {
      for (const name of names) await image(machine, host, name)
    },
  }
}

// A file that does not come may come another way. One that comes and is not
// what it should be stops everything: somebody may be at work.
async function succeeds(host: Host, script: Script): Promise<boolean> {
  try {
    await host.read(script)
    return true
  } catch (error) {
    if (error instanceof CommandError && error.code === wrongSum) throw error
    if (error instanceof CommandError) return false
    throw error
  }
}

function versionOf(name: string, { versions }: Pick<Cluster, 'versions'>) {
  if (name === 'kubelet') return versions.kubelet
  const component = componentOf(name)
  return (
    versions[component as Component] ?? entryOf(component, catalogue()).default
  )
}

interface Wanted extends Stamped {
  name: string
  /** What the operator's cache has of it. */
  known: Artifact | undefined
}

/** A program, and what it is to be. */
interface Stamped {
  path: string
  identity: string
}

/** Those of some programs that are not there, or are others. */
async function missing<P extends Stamped>(
  host: Host,
  programs: readonly P[],
): Promise<P[]> {
  const there = (await host.read(stampedScript(programs))).split('\n')
  return programs.filter(({ path }) => !there.includes(path))
}

// Hashing 100 MB on every run would cost more than all other checks of a
// machine together: a stamp says which file was checked, by size and time.
function stampedScript(programs: readonly Stamped[]): Script {
  const paths = programs.map(({ path }) => path)
  const cases = programs.reduce((all, { path, identity }) => {
    const stamp = stampOf(path)
    return sh`
      ${all}
      ${path}) [ -x ${path} ] && read -r stamp < ${stamp} &&
        [ "$stamp" = ${identity}" $found" ] && echo ${path} ;;`
  }, sh``)
  return sh`
    stat -c '%n %s %y' ${paths} | while read -r path found; do
      case $path in
      ${cases}
      esac
    done 2>/dev/null || true`
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

// An archive is kept until the programs of one call are installed, because
// most of them come in one.
const downloads = `${stampFolder}/downloads`

function downloadScript(
  url: string,
  sha256: string,
  member: string | undefined,
  to: string,
): Script {
  if (!member) return fetchScript(url, sha256, to)
  const archive = `${downloads}/${sha256}`
  return sh`
    install -d -m 700 ${downloads}
    if [ ! -e ${archive} ]; then
      ${fetchScript(url, sha256, `${archive}.new`)}
      mv ${archive}.new ${archive}
    fi
    # Some archives name their members ./like/this.
    tar --extract --to-stdout --file ${archive} ${member} > ${to} ||
      tar --extract --to-stdout --file ${archive} ./${member} > ${to}`
}

// What a tag means is up to the registry; a digest is the content. Pods ask
// for the tag, so the image gets it here.
function pullScript(reference: string, pin: string | undefined): Script {
  const pull = sh`timeout ${patient(600)} ctr -n k8s.io images pull`
  if (!pin) return sh`${pull} ${reference}`
  const exact = `${reference.replace(/:[^:/]+$/, '')}@sha256:${pin}`
  return sh`
    ${pull} ${exact}
    ctr -n k8s.io images tag --force ${exact} ${reference}
    ctr -n k8s.io images rm ${exact}`
}

function hasImageScript(reference: string, digest: string): Script {
  return sh`
    ctr -n k8s.io images ls name==${reference} |
      awk -v want=${digest} 'NR > 1 && (want == "" || $3 == want) { found = 1 }
        END { exit !found }'`
}
