import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { GuideError } from '../lib/errors.ts'
import { hostSources } from './debian-sources.ts'
import { adminPath, tail } from './root-command.ts'

// What Debian 12 has is too old for the lab; its backports have a newer one.
function fromBackports(release: string): readonly string[] {
  return release === 'bookworm' ? ['qemu-system-x86', 'qemu-utils'] : []
}

/** Whether what {@link installPackages} installs is newer than the usual. */
export async function installsNewer(name: string): Promise<boolean> {
  return fromBackports(await hostRelease()).includes(name)
}

/** What somebody types who installs packages without the lab. */
export async function installCommand(
  names: readonly string[],
): Promise<string> {
  const release = await hostRelease()
  const newer = fromBackports(release)
  const words = names.map((name) =>
    newer.includes(name) ? `${name}/${release}-backports` : name,
  )
  return `apt-get install ${words.join(' ')}`
}

/**
 * Installs Debian packages on this host.
 *
 * @param folder for what apt has to remember of sources that are not the host's
 * @throws {GuideError} with the end of what apt said
 */
export async function installPackages(
  names: readonly string[],
  folder: string,
): Promise<void> {
  const release = await hostRelease()
  const newer = fromBackports(release)
  const usual = names.filter((name) => !newer.includes(name))
  const special = names.filter((name) => newer.includes(name))
  if (usual.length) await install(usual)
  if (!special.length) return
  const options = await backports(release, folder)
  await install(special, [...options, '-t', `${release}-backports`])
}

async function install(
  names: readonly string[],
  options: readonly string[] = [],
): Promise<void> {
  const apt = [...options, '--yes', '--no-install-recommends', 'install']
  let run = await get([...apt, ...names])
  if (run.exitCode !== 0) {
    // Fresh systems have no package lists yet.
    await get([...options, 'update'])
    run = await get([...apt, ...names])
  }
  if (run.exitCode === 0) return
  throw new GuideError(
    `Could not install ${names.join(', ')}\n  ${tail(run.all)}`,
    [`try it by hand: ${await installCommand(names)}`],
  )
}

// The host's own sources stay as they are: these are for one command.
async function backports(release: string, folder: string): Promise<string[]> {
  const sources = (await hostSources(release)).flatMap((line) => [
    line,
    ...(line.endsWith(` ${release} main`)
      ? [line.replace(/ \S+ main$/, ` ${release}-backports main`)]
      : []),
  ])
  await mkdir(join(folder, 'apt-lists', 'partial'), { recursive: true })
  const list = join(folder, 'apt.list')
  await writeFile(list, `${sources.join('\n')}\n`)
  return [
    ...['-o', `Dir::Etc::SourceList=${list}`],
    ...['-o', 'Dir::Etc::SourceParts=/dev/null'],
    ...['-o', `Dir::State::Lists=${join(folder, 'apt-lists')}`],
  ]
}

function get(args: readonly string[]) {
  return execa('apt-get', args, {
    all: true,
    reject: false,
    env: { DEBIAN_FRONTEND: 'noninteractive', PATH: adminPath() },
  })
}

async function hostRelease(): Promise<string> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '')
  return /^VERSION_CODENAME=(.*)$/m.exec(text)?.[1] ?? ''
}
