import { expect, test } from 'vitest'
import type { Machine } from '../../../lib/machine.ts'
import { type Port, portsOf } from '../../../lib/ports.ts'
import { type Ground, places } from './ground.ts'
import { vantage } from './vantage.ts'

interface Socket {
  on: Port['listens'][number] | 'elsewhere'
  port: number
  protocol: string
  program: string
  line: string
}

/** Every door, and nothing that is not in the table of doors. */
export function portsAreAsSaid(ground: () => Ground): void {
  test('nothing listens that is not in the table of ports', async () => {
    const strange: string[] = []
    for (const machine of ground().machines) {
      const table = portsOf(machine.roles)
      for (const socket of await socketsOf(machine)) {
        const said = table.find((it) => isOf(it, socket))
        const isThere =
          said?.listens.includes('all') ||
          (socket.on !== 'elsewhere' && said?.listens.includes(socket.on))
        if (!isThere) strange.push(`${machine.name} ${socket.line}`)
      }
    }
    expect(strange).toEqual([])
  })

  test('everything in the table listens, where it says', async () => {
    for (const machine of ground().machines) {
      const sockets = await socketsOf(machine)
      for (const port of portsOf(machine.roles)) {
        if (!port.program) continue
        for (const on of port.listens) {
          const found = sockets.some((it) => it.on === on && isOf(port, it))
          expect(found, `${machine.name} ${port.name} on ${on}`).toBe(true)
        }
      }
    }
  })

  test.each(places)(
    '%s reaches nothing that is for its machine alone',
    async (place) => {
      const { machines, taken, from } = ground()
      const inner = (machine: Machine) =>
        portsOf(machine.roles)
          .filter(({ listens }) => listens.every((it) => it === 'loopback'))
          .map(({ port }) => port)
      // And the port that shows pods without asking who is there.
      const readOnly = 10255
      const others = machines.filter((it) => place !== 'a node' || it !== taken)
      const closed = others.flatMap((machine) =>
        [...inner(machine), readOnly].map(
          (port) => `${machine.address}:${port}`,
        ),
      )
      const doors = others.map(({ address }) => `${address}:10250`)
      expect(closed.length).toBeGreaterThan(20)
      expect(await from[place].open([...closed, ...doors])).toEqual(doors)
    },
  )

  test('controller manager and scheduler tell strangers nothing', async () => {
    const { cluster, controlPlanes, operator, alice, stolen } = ground()
    const { controllerManager, scheduler } = cluster.ports
    for (const machine of controlPlanes) {
      const here = vantage(machine)
      for (const { port, program } of [controllerManager, scheduler]) {
        const statusOf = async (path: string, who = {}) =>
          (await here.ask(`https://127.0.0.1:${port}${path}`, who)).status
        expect(await statusOf('/healthz'), program).toBe(200)
        for (const path of ['/metrics', '/configz', '/debug/pprof/']) {
          expect([401, 403], `${program} ${path}`).toContain(
            await statusOf(path),
          )
          expect(await statusOf(path, alice), `${program} ${path}`).toBe(403)
          expect(await statusOf(path, stolen), `${program} ${path}`).toBe(403)
        }
        const admin = operator.pair('cluster/admin')
        expect(await statusOf('/metrics', admin), program).toBe(200)
        // Not even for who may do everything.
        expect(await statusOf('/debug/pprof/', admin), program).toBe(404)
      }
    }
  })
}

async function socketsOf(machine: Machine): Promise<Socket[]> {
  const lines = await machine.read`ss -H -tulpn`
  return lines.split('\n').map((line) => {
    const [protocol = '', , , , local = '', , users = ''] = line.split(/\s+/)
    const at = local.lastIndexOf(':')
    const address = local.slice(0, at).replace(/^\[|\]$/g, '')
    const [, program = ''] = /\("([^"]+)"/.exec(users) ?? []
    const on =
      address === machine.address
        ? 'machine'
        : /^(127\.|::1$)/.test(address)
          ? 'loopback'
          : ['*', '::', '0.0.0.0'].includes(address)
            ? 'all'
            : 'elsewhere'
    return { on, port: Number(local.slice(at + 1)), protocol, program, line }
  })
}

function isOf(port: Port, socket: Socket): boolean {
  const last = port.last ?? port.port
  return (
    port.protocol === socket.protocol &&
    socket.port >= port.port &&
    socket.port <= last &&
    // The kernel keeps fifteen letters of a name.
    port.program?.slice(0, 15) === socket.program.slice(0, 15)
  )
}
