import { createHash } from 'node:crypto'
import http, { type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** How the server answers one request; without any, as a good server does. */
export interface Mischief {
  truncateAfter?: number
  stallAfter?: number
  /** Sends this many bytes, one after the other, each after half a second. */
  trickle?: number
  status?: number
  redirect?: string
  ignoreRange?: true
  /** Sends a part that was not asked for. */
  shiftRange?: true
  /** Breaks off without having told a length. */
  lengthless?: number
}

export interface SeenRequest {
  path: string
  range?: string
  ifRange?: string
}

/** An HTTP server on loopback that does what it is told to. */
export interface FileServer {
  url: string
  files: Map<string, { content: Buffer; etag?: string }>
  /** For each path, what to do to the next requests, in order. */
  mischief: Map<string, Mischief[]>
  /** Every request, in order. */
  seen: SeenRequest[]
  put(path: string, content: Buffer | string, etag?: string): string
  close(): Promise<void>
}

/** @param port default any that is free */
export async function serve(port = 0): Promise<FileServer> {
  const files: FileServer['files'] = new Map()
  const mischief: FileServer['mischief'] = new Map()
  const seen: SeenRequest[] = []
  const server = http.createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '/')
    const { range, 'if-range': ifRange } = request.headers
    seen.push({
      path,
      ...(range && { range }),
      ...(typeof ifRange === 'string' && { ifRange }),
    })
    const trick: Mischief = mischief.get(path)?.shift() ?? {}
    if (trick.status) {
      response.writeHead(trick.status).end('no')
      return
    }
    if (trick.redirect) {
      response.writeHead(302, { location: trick.redirect }).end()
      return
    }
    const file = files.get(path)
    if (!file) {
      response.writeHead(404).end('not here')
      return
    }
    const { content, etag } = file
    const asked = /^bytes=(\d+)-$/.exec(range ?? '')?.[1]
    const same = ifRange === undefined || ifRange === etag
    let start = asked && same && !trick.ignoreRange ? Number(asked) : 0
    if (start >= content.length && start > 0) {
      response.writeHead(416).end()
      return
    }
    const partial = start > 0
    if (trick.shiftRange) start = Math.max(0, start - 1)
    const body = content.subarray(start)
    const last = content.length - 1
    response.writeHead(partial ? 206 : 200, {
      ...(trick.lengthless === undefined && {
        'content-length': body.length,
      }),
      ...(etag && { etag }),
      ...(partial && {
        'content-range': `bytes ${start}-${last}/${content.length}`,
      }),
    })
    if (trick.truncateAfter !== undefined) {
      response.write(body.subarray(0, trick.truncateAfter), () =>
        // What was written has to leave before the connection is cut.
        setTimeout(() => response.destroy(), 20),
      )
    } else if (trick.stallAfter !== undefined) {
      response.write(body.subarray(0, trick.stallAfter))
    } else if (trick.trickle !== undefined) {
      trickle(response, body, trick.trickle)
    } else if (trick.lengthless !== undefined) {
      response.end(body.subarray(0, trick.lengthless))
    } else response.end(body)
  })
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done))
  const address = server.address() as AddressInfo
  const url = `http://127.0.0.1:${address.port}`
  return {
    ...{ url, files, mischief, seen },
    put: (path, content, etag = '"one"') => {
      files.set(path, { content: Buffer.from(content), etag })
      return url + path
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}

// Slow, and never still.
function trickle(response: ServerResponse, body: Buffer, left: number) {
  if (left === 0) return response.end(body)
  response.write(body.subarray(0, 1))
  setTimeout(() => trickle(response, body.subarray(1), left - 1), 500)
}

export function sha256(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex')
}

/** No pause between attempts, and time enough on a computer that is busy. */
export const patient = {
  connectSeconds: 30,
  stallSeconds: 30,
  pauseSeconds: 0.01,
}
