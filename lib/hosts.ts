import type { MachineEntry } from './cluster.ts'
import { GuideError } from './errors.ts'
import { type Host, hostOver } from './host.ts'
import { openSsh } from './ssh.ts'
import type { State } from './state.ts'

/** File on every machine that says to which cluster it belongs. */
export const membershipFile = '/etc/kubernetes-from-scratch/cluster'

/** How machines are reached. Tests of the steps put a model here. */
export const hosts = {
  /**
   * Opens a machine by SSH.
   *
   * @throws {GuideError} when it is out of reach
   */
  async open(
    entry: MachineEntry,
    state: State,
    notice: (line: string) => void,
  ): Promise<Host> {
    const transport = await openSsh(entry, state.directory, notice)
    return hostOver(entry.name, transport)
  },
}

/**
 * A host that is reached at its first use, and refuses to serve a machine of
 * another cluster.
 *
 * @throws {GuideError} at first use, for a machine that belongs elsewhere
 * @example
 * const host = lazyHost(entry, state, console.log)
 * await host.look('/etc/hosts') // connects now
 */
export function lazyHost(
  entry: MachineEntry,
  state: State,
  notice: (line: string) => void,
): Host {
  let opened: Promise<Host> | undefined
  const host = () => {
    opened ??= openMember(entry, state, notice)
    return opened
  }
  return {
    read: async (script, next) => (await host()).read(script, next),
    holds: async (check) => (await host()).holds(check),
    ensure: async (check, change) => (await host()).ensure(check, change),
    write: async (path, file) => (await host()).write(path, file),
    look: async (path) => (await host()).look(path),
    remove: async (paths) => (await host()).remove(paths),
    upload: async (file, remote) => (await host()).upload(file, remote),
    flush: async () => (await host()).flush(),
    paste: async (script) => (await host()).paste(script),
  }
}

async function openMember(
  entry: MachineEntry,
  state: State,
  notice: (line: string) => void,
): Promise<Host> {
  const host = await hosts.open(entry, state, notice)
  const found = (await host.look(membershipFile))?.content.trim()
  if (!found || found === state.identity) return host
  throw new GuideError(
    `${entry.name} (${entry.address}) is a machine of another cluster\n` +
      `  found in ${membershipFile}: ${found}\n` +
      `  the state folder ${state.directory} says: ${state.identity}`,
    [
      'undo that cluster with its own state folder first, or put the right ' +
        'state folder in place',
      `if that cluster is gone for good: rm ${membershipFile} on the machine`,
    ],
  )
}
