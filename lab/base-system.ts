import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream, existsSync } from 'node:fs'
import {
  chown,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises'
import { arch } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { execa } from 'execa'
import { GuideError } from '../lib/errors.ts'
import { type Script, sh } from '../lib/shell.ts'
import { createCgroup } from './cgroup.ts'
import { fetchOptions, hostSources } from './debian-sources.ts'
import { diskScript, makeDisk } from './disk-image.ts'
import { waitForLock } from './lab-lock.ts'
import { workCgroup } from './names.ts'
import { packages, renderPackages, renderRelease } from './packages.ts'
import type { LabPlan } from './plan.ts'
import { adminPath, joinCgroup, shell, tail } from './root-command.ts'
import { type System, systemOf } from './systems.ts'

// Documentation would be half of the files.
const excluded = ['doc', 'man', 'locale', 'info'].map(
  (folder) => `path-exclude=/usr/share/${folder}/*`,
)

/** The cached base system, and the package source beside it. */
export interface BaseSystem {
  /** Has `base.tar` for containers; disk, kernel and initrd for others. */
  folder: string
  packages: string
}

/**
 * Has the base system of the machines in the cache. It is found by a hash of
 * its recipe, so a changed recipe is built anew.
 *
 * @returns where it is, and whether it was built now
 * @throws {GuideError} with the end of the log when it cannot be built
 */
export async function ensureBaseSystem(
  plan: LabPlan,
): Promise<BaseSystem & { built: boolean }> {
  const system = systemOf(plan)
  const folder = join(plan.cache, recipeHash(system))
  const base = { folder, packages: join(folder, 'packages') }
  if (existsSync(folder)) return { ...base, built: false }

  // Two labs that start at once share one build.
  const unlock = await waitForLock(plan.cache)
  try {
    if (existsSync(folder)) return { ...base, built: false }
    const partial = `${folder}${partialSuffix(plan)}`
    await build(plan, system, partial)
    await rename(partial, folder)
    return { ...base, built: true }
  } finally {
    unlock()
  }
}

/** Removes what a build of this lab left when it was killed. */
export async function removePartialBuilds(plan: LabPlan): Promise<void> {
  const names = await readdir(plan.cache).catch(() => [])
  const partial = names.filter((name) => name.endsWith(partialSuffix(plan)))
  await Promise.all(
    partial.map((name) => rm(join(plan.cache, name), { recursive: true })),
  )
}

// The cache is shared with labs that may be building right now.
function partialSuffix({ cluster }: LabPlan): string {
  return `.${cluster}.partial`
}

/**
 * Unpacks the base system, once for all machines of a lab.
 *
 * @returns the folder
 */
export async function unpackBaseSystem(
  base: BaseSystem,
  plan: LabPlan,
): Promise<string> {
  const folder = join(plan.directory, 'base')
  if (existsSync(folder)) return folder
  const partial = `${folder}.partial`
  await shell(
    'unpack the base system',
    sh`
    rm -rf ${partial}
    mkdir -p ${partial}
    tar -xpf ${join(base.folder, archive)} -C ${partial} --numeric-owner \
      --xattrs --xattrs-include='*'
    mv ${partial} ${folder}
    `,
    workCgroup(plan.cluster),
  )
  return folder
}

const archive = 'base.tar'

function recipeHash(system: System): string {
  const recipe = {
    ...system,
    arch: arch(),
    excluded,
    packages,
    hooks: hooks(system, ''),
    disk: system.kind === 'vm' && diskScript('', '').script,
  }
  const text = JSON.stringify(recipe)
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}

async function build(
  plan: LabPlan,
  system: System,
  folder: string,
): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(join(folder, 'packages'), { recursive: true })
  // mmdebstrap needs room for device nodes, which /tmp may not give.
  const work = join(plan.directory, 'build')
  await rm(work, { recursive: true, force: true })
  await mkdir(work, { recursive: true })
  const asFiles = join(work, 'root')
  const target = system.kind === 'vm' ? asFiles : join(folder, archive)
  await mmdebstrap(plan, system, folder, work, target)
  if (system.kind === 'vm') {
    await makeDisk(asFiles, folder, workCgroup(plan.cluster))
  }
  await rm(work, { recursive: true, force: true })
  await writeIndex(join(folder, 'packages'))
  await giveTo(plan.owner, folder)
}

async function mmdebstrap(
  plan: LabPlan,
  system: System,
  folder: string,
  work: string,
  target: string,
) {
  const { release, included, kind } = system
  const sources = await hostSources(release)
  const args = [
    ...['--variant=minbase', '--mode=root'],
    `--format=${kind === 'vm' ? 'directory' : 'tar'}`,
    `--include=${included.join(',')}`,
    `--setup-hook=${withSet(system.before)}`,
    ...excluded.map((option) => `--dpkgopt=${option}`),
    ...(await hostFetchOptions()).map((option) => `--aptopt=${option}`),
    ...hooks(system, join(folder, 'packages')).map(
      (hook) => `--customize-hook=${hook}`,
    ),
    release,
    target,
    ...sources,
  ]
  const log = join(plan.directory, 'base-system.log')
  const cgroup = await createCgroup(workCgroup(plan.cluster))
  const run = execa(
    'sh',
    [
      '-euc',
      joinCgroup(cgroup, sh`exec unshare --mount mmdebstrap "$@"`),
      'sh',
      ...args,
    ],
    {
      all: true,
      buffer: false,
      reject: false,
      stdin: 'ignore',
      env: { PATH: adminPath(), TMPDIR: work, LC_ALL: 'C.UTF-8' },
    },
  )
  const [{ exitCode }] = await Promise.all([
    run,
    pipeline(run.all, createWriteStream(log)),
  ])
  if (exitCode === 0) return
  throw new GuideError(
    'The base system of the machines could not be made: mmdebstrap ended ' +
      `with exit code ${exitCode}\n  ${tail(await readFile(log, 'utf8'))}`,
    [
      `the whole log: ${log}`,
      'does `apt-get update` work on this host? The same sources are used',
    ],
  )
}

// Run outside of the new system, with its folder as $1.
function hooks(system: System, packagesFolder: string): string[] {
  const download = sh`
    rm -f "$1"/var/cache/apt/archives/*.deb
    APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get --yes --no-install-recommends \
      --download-only install ${packages}
    mv "$1"/var/cache/apt/archives/*.deb ${packagesFolder}/
    `
  const finish = sh`
    chroot "$1" useradd --create-home --shell /bin/bash admin
    echo 'admin ALL=(ALL:ALL) NOPASSWD:ALL' > "$1"/etc/sudoers.d/admin
    chmod 0440 "$1"/etc/sudoers.d/admin
    rm -f "$1"/etc/ssh/ssh_host_* "$1"/etc/apt/apt.conf.d/99mmdebstrap
    rm -f "$1"/etc/resolv.conf "$1"/etc/hostname "$1"/var/lib/dbus/machine-id
    : > "$1"/etc/machine-id
    `
  return [download, finish, system.after].map(withSet)
}

function withSet({ script }: Script): string {
  return `set -eu\n${script}`
}

async function hostFetchOptions(): Promise<string[]> {
  const { stdout = '' } = await execa('apt-config', ['dump'], { reject: false })
  return fetchOptions(stdout)
}

async function writeIndex(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((it) => it.endsWith('.deb'))
  const files = await Promise.all(
    names.sort().map(async (name) => {
      const path = join(folder, name)
      const { stdout } = await execa('dpkg-deb', ['--field', path])
      return { name, control: stdout, ...(await measure(path)) }
    }),
  )
  await writeFile(join(folder, 'Packages'), renderPackages(files))
  const index = await measure(join(folder, 'Packages'))
  await writeFile(join(folder, 'Release'), renderRelease(index, new Date()))
}

async function measure(path: string) {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return { size: (await stat(path)).size, sha256: hash.digest('hex') }
}

async function giveTo(
  { uid, gid }: LabPlan['owner'],
  folder: string,
): Promise<void> {
  const names = await readdir(folder, { recursive: true })
  await chown(folder, uid, gid)
  await Promise.all(names.map((name) => chown(join(folder, name), uid, gid)))
}
