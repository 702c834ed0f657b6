import type { Role } from '../../../lib/cluster-schema.ts'
import { type Port, portsOf } from '../../../lib/ports.ts'
import { code, plain, table } from '../data/markdown.ts'

/**
 * The ports that machines use.
 *
 * @param attributes `role`: those of one role, without columns on who
 */
export function PortTable({ role }: { role?: Role } = {}): string {
  const ports = portsOf(role ? [role] : undefined)
  if (role) {
    return table(
      ['Port', 'From', 'For'],
      ports
        .filter(({ listens }) => listens.some((it) => it !== 'loopback'))
        .map((port) => [
          numberOf(port),
          plain(port.clients),
          plain(port.purpose),
        ]),
    )
  }
  return table(
    ['Port', 'Held by', 'Who connects', 'For'],
    ports.map((port) => [
      `${numberOf(port)}<br>${on(port)}`,
      `${holder(port)} on ${port.listens.map((it) => addresses[it]).join(' and ')}`,
      `${plain(port.clients)}<br><small>Proved by: ${plain(port.identity)}</small>`,
      plain(port.purpose),
    ]),
  )
}

function on({ roles }: Port): string {
  return roles.length > 1 ? 'every machine' : 'control planes'
}

function holder({ program }: Port): string {
  return program ? code(program) : 'rules of the kernel,'
}

const addresses: Record<Port['listens'][number], string> = {
  all: 'all addresses',
  machine: 'the address of cluster.yaml',
  loopback: '127.0.0.1',
}

function numberOf({ port, last, protocol }: Port): string {
  const run = last ? `${port}–${last}` : `${port}`
  return `${code(run)}\u00a0${protocol.toUpperCase()}`
}
