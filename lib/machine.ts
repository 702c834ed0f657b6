import type { MachineEntry, Role } from './cluster.ts'
import { type Facts, readFacts } from './facts.ts'
import type { Host } from './host.ts'
import { type Installer, stampFolder } from './install.ts'
import { fileDiff, type Journal } from './journal.ts'
import { ensureService, removeService, type Service } from './service.ts'
import { quote, type Script, type ShellValue, sh } from './shell.ts'
import { waitOn } from './wait.ts'

/** Access to a file or folder. The default is root's, readable by all. */
export interface Access {
  /** Permission bits; default `0o644` for files, `0o755` for folders. */
  mode?: number
  /** User and group, `etcd` or `root:kubernetes`; default `root`. */
  owner?: string
}

/**
 * One machine, with the few verbs that a step uses. Every verb looks first,
 * compares, and changes only what differs. Under `--plan` it looks, and says
 * what it would change.
 */
export class Machine {
  readonly name: string
  readonly address: string
  readonly roles: readonly Role[]
  /** True under `--plan`: nothing may be changed. */
  readonly planning: boolean
  /** What the current block did here. */
  journal: Journal
  readonly #host: Host
  readonly #installer: Installer
  readonly #planned = new Set<string>()
  #facts: Promise<Facts> | undefined

  constructor(
    entry: MachineEntry,
    host: Host,
    options: { planning: boolean; journal: Journal; installer: Installer },
  ) {
    this.name = entry.name
    this.address = entry.address
    this.roles = entry.roles
    this.planning = options.planning
    this.journal = options.journal
    this.#host = host
    this.#installer = options.installer
  }

  /** Whether the machine has a role. */
  is(role: Role): boolean {
    return this.roles.includes(role)
  }

  /** Runs bash that only reads; returns what it printed. */
  read(
    strings: TemplateStringsArray,
    ...values: ShellValue[]
  ): Promise<string> {
    return this.#host.read(sh(strings, ...values))
  }

  /** Runs bash that disturbs, for drills and undo; a block says why. */
  run(strings: TemplateStringsArray, ...values: ShellValue[]): Promise<string> {
    return this.#host.read(sh(strings, ...values))
  }

  /** Runs bash that only reads; tells whether it succeeded. */
  test(
    strings: TemplateStringsArray,
    ...values: ShellValue[]
  ): Promise<boolean> {
    return this.#host.holds(sh(strings, ...values))
  }

  /** What this machine is: architecture, cgroup version and the like. */
  facts(): Promise<Facts> {
    this.#facts ??= readFacts(this.#host)
    return this.#facts
  }

  /**
   * Runs `change` unless `check` already succeeds.
   *
   * @example
   * await machine.ensure('swap is off', sh`[ -z "$(swapon --show)" ]`,
   *   sh`swapoff -a`)
   */
  async ensure(what: string, check: Script, change: Script): Promise<boolean> {
    this.journal.looked++
    if (this.planning) {
      if (await this.#host.holds(check)) return false
      this.changed(what, [
        what,
        ...change.script.split('\n').map((line) => `  $ ${line}`),
      ])
      return true
    }
    const changed = await this.#host.ensure(check, change)
    if (changed) this.changed(what)
    return changed
  }

  /** Writes a text file, unless it is there with this content and access. */
  async file(
    path: string,
    content: string,
    { mode = 0o644, owner = 'root' }: Access = {},
  ): Promise<boolean> {
    const file = { content, mode, owner: withGroup(owner) }
    this.journal.looked++
    if (this.planning) {
      const before = await this.#host.look(path)
      const details = fileDiff(path, before, file)
      if (details.length === 1 && before) return false
      this.#planned.add(path)
      this.changed(path, details)
      return true
    }
    const changed = await this.#host.write(path, file)
    if (changed) this.changed(path)
    return changed
  }

  /** Writes several files into one folder. */
  async files(
    folder: string,
    contents: Record<string, string>,
    access: Access = {},
  ): Promise<void> {
    for (const [name, content] of Object.entries(contents)) {
      await this.file(`${folder}/${name}`, content, access)
    }
  }

  /** Makes a folder, with the owner and mode that it must have. */
  directory(
    path: string,
    { mode = 0o755, owner = 'root' }: Access = {},
  ): Promise<boolean> {
    const bits = mode.toString(8)
    const access = `${bits} ${withGroup(owner)}`
    const [user = '', group = ''] = withGroup(owner).split(':')
    return this.ensure(
      path,
      sh`[ -d ${path} ] && [ "$(stat -c '%a %U:%G' ${path})" = ${access} ]`,
      sh`install -d -m ${bits} -o ${user} -g ${group} ${path}`,
    )
  }

  /** Removes files, and folders with all they hold. */
  async remove(...paths: string[]): Promise<void> {
    this.journal.looked++
    const isThere = paths.map((path) => `[ -e ${quote(path)} ]`).join(' || ')
    const found = this.planning
      ? await this.#host.holds({ script: isThere })
      : await this.#host.remove(paths)
    if (found) {
      this.changed(`removed ${paths.join(', ')}`)
    }
  }

  /**
   * Removes folders that others may use as well: each if nothing is in it any
   * more, in the order given, so inner ones first.
   *
   * @example
   * await machine.removeEmpty('/etc/cni/net.d', '/etc/cni')
   */
  removeEmpty(...folders: string[]): Promise<boolean> {
    return this.ensure(
      `removed what was empty of ${folders.join(', ')}`,
      sh`[ -z "$(find ${folders} -maxdepth 0 -type d -empty 2>/dev/null)" ]`,
      sh`for folder in ${folders}; do
           [ ! -d $folder ] || rmdir --ignore-fail-on-non-empty $folder
         done`,
    )
  }

  /** Makes a system user, and its group, that cannot log in. */
  user(name: string): Promise<boolean> {
    return this.ensure(
      `user ${name}`,
      sh`getent passwd ${name} && getent group ${name}`,
      sh`useradd --system --user-group --no-create-home \
        --home-dir /nonexistent --shell /usr/sbin/nologin \
        --comment ${ours} ${name}`,
    )
  }

  /** Removes a user that {@link user} has made; one of others stays. */
  removeUser(name: string): Promise<boolean> {
    return this.ensure(
      `removed user ${name}`,
      sh`[ "$(getent passwd ${name} | cut -d: -f5)" != ${ours} ]`,
      // Whether its group goes with it is a matter of the distribution.
      sh`userdel ${name}
         ! getent group ${name} >/dev/null || groupdel ${name}`,
    )
  }

  /**
   * Puts binaries of the versions that `cluster.yaml` chose into a folder,
   * checked against their sha256 before they get their name.
   *
   * @param folder default `/usr/local/bin`
   */
  async install(
    names: readonly string[],
    folder = '/usr/local/bin',
  ): Promise<void> {
    await this.#installer.programs(this, this.#host, names, folder)
  }

  /** Removes programs that {@link install} put there. */
  uninstall(...names: string[]): Promise<void> {
    return this.remove(
      // And what an upload that was cut off has left.
      ...names.flatMap((name) => [
        `/usr/local/bin/${name}`,
        `/usr/local/bin/${name}.new`,
      ]),
      ...names.map((name) => `${stampFolder}/${name}`),
    )
  }

  /** Has images in the runtime: imported from an archive, or pulled. */
  async images(names: readonly string[]): Promise<void> {
    await this.#installer.images(this, this.#host, names)
  }

  /**
   * Writes a systemd unit, enables it and has it running with what its files
   * say now: started if it was not, restarted if one of them is newer.
   */
  service(name: string, service: Service): Promise<void> {
    const touched = (path: string) =>
      [...this.#planned].some((planned) => planned.startsWith(path))
    return ensureService(this, this.#host, name, service, touched)
  }

  /** Stops and disables a systemd unit, and removes its file. */
  removeService(name: string): Promise<void> {
    return removeService(this, name)
  }

  /**
   * Waits until a script that only reads succeeds, see {@link waitOn}. Under
   * `--plan` there is nothing to wait for.
   *
   * @param seconds how long at most; default 60
   * @throws {GuideError} with what it waited for and what the script said
   */
  async until(
    what: string,
    script: Script,
    { seconds = 60, next = [] as string[] } = {},
  ): Promise<void> {
    if (this.planning) return
    await waitOn(this.name, this.#host, what, script, seconds, next)
  }

  /** Has the disk take all that was written here. */
  flush(): Promise<void> {
    return this.#host.flush()
  }

  /** Notes a change in the journal of the current block. */
  changed(what: string, details: readonly string[] = [what]): void {
    this.journal.changes.push(what)
    this.journal.details.push(...details)
  }
}

// What a user whom we have made is called in full.
const ours = 'kubernetes-from-scratch'

function withGroup(owner: string): string {
  return owner.includes(':') ? owner : `${owner}:${owner}`
}
