import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { serveDns, type Zone } from './dns.ts'
import { staticFiles } from './static-files.ts'

/**
 * The services that a lab offers its machines. One process serves all of
 * them, inside of the lab's network namespace:
 *
 *   gateway:8088   Debian packages
 *   gateway:8089   mirror of binaries and images
 *   outside:53     DNS
 *   outside:80     "the outside world", which tells who called
 */
export interface ServicesConfig {
  gateway: string
  outside: Zone
  /** Folder of the package source. */
  packages: string
  /** Folder of the mirror. */
  artifacts: string
  /** Whom to run as, once the ports are open. */
  owner: { uid: number; gid: number }
}

export const packagesPort = 8088
export const mirrorPort = 8089

if (import.meta.main) {
  const config: ServicesConfig = JSON.parse(process.argv[2] ?? '{}')
  await serve(config)
}

async function serve(config: ServicesConfig): Promise<void> {
  const { gateway, outside, owner } = config
  await serveDns(outside.address, outside)
  await listen(whoCalled(), 80, outside.address)
  await listen(staticFiles(config.artifacts), mirrorPort, gateway)
  process.setgroups?.([owner.gid])
  process.setgid?.(owner.gid)
  process.setuid?.(owner.uid)
  // Last: who finds this port open finds all of them.
  await listen(staticFiles(config.packages), packagesPort, gateway)
}

// Shows a check whether the address of a pod was replaced on the way out.
function whoCalled(): Server {
  return createServer((request, response) => {
    response.setHeader('Content-Type', 'text/plain')
    response.end(`client ${request.socket.remoteAddress}\n`)
  })
}

async function listen(server: Server, port: number, address: string) {
  server.listen(port, address)
  await once(server, 'listening')
}
