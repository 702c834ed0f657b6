import { open, realpath } from 'node:fs/promises'
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import { join, sep } from 'node:path'
import { pipeline } from 'node:stream/promises'

/**
 * An HTTP server for the files below a folder: read only, no listings, parts
 * of files for downloads that are resumed.
 *
 * @example
 * staticFiles('/var/cache/artifacts').listen(8089)
 */
export function staticFiles(root: string): Server {
  return createServer((request, response) => {
    send(root, request, response).catch((error) => {
      // The client went away, or the disk failed under us.
      if (!response.headersSent) return refuse(response, 500)
      console.error(`${request.url}: ${error.message}`)
      response.destroy()
    })
  })
}

/** What a Range header asks for, of a file of a size. */
export type Wanted = { start: number; end: number } | 'all' | 'impossible'

/**
 * Reads a Range header. A form that we do not serve, such as several ranges,
 * means the whole file, as the standard allows.
 *
 * @example
 * parseRangeHeader('bytes=100-', 300) // { start: 100, end: 299 }
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-14.2
 */
export function parseRangeHeader(
  header: string | undefined,
  size: number,
): Wanted {
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? []
  if (!from && !to) return 'all'
  const start = from ? Number(from) : Math.max(size - Number(to), 0)
  const end = from && to ? Math.min(Number(to), size - 1) : size - 1
  if (from && to && Number(to) < start) return 'all'
  return start < size && end >= start ? { start, end } : 'impossible'
}

async function send(
  root: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD')
    return refuse(response, 405)
  }
  const path = await inside(root, request.url ?? '/')
  if (!path) return refuse(response, 404)

  await using file = await open(path)
  const { size, mtime } = await file.stat()
  if (!(await file.stat()).isFile()) return refuse(response, 404)

  const wanted = parseRangeHeader(request.headers.range, size)
  if (wanted === 'impossible') {
    response.setHeader('Content-Range', `bytes */${size}`)
    return refuse(response, 416)
  }
  const { start, end } = wanted === 'all' ? { start: 0, end: size - 1 } : wanted
  response.writeHead(wanted === 'all' ? 200 : 206, {
    'Accept-Ranges': 'bytes',
    'Content-Length': end - start + 1,
    'Content-Type': 'application/octet-stream',
    'Last-Modified': mtime.toUTCString(),
    ...(wanted !== 'all' && {
      'Content-Range': `bytes ${start}-${end}/${size}`,
    }),
  })
  if (request.method === 'HEAD' || size === 0) {
    response.end()
    return
  }
  await pipeline(file.createReadStream({ start, end }), response)
}

// The real path of what is asked for; nothing where that is not below root,
// be it by `..`, by an encoded slash or by a link.
async function inside(root: string, url: string): Promise<string | undefined> {
  try {
    const path = decodeURIComponent(url.replace(/[?#].*/, ''))
    const base = await realpath(root)
    const real = await realpath(join(base, path))
    return real.startsWith(base + sep) ? real : undefined
  } catch {
    return undefined
  }
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'Content-Type': 'text/plain' })
  response.end(`${status}\n`)
}
