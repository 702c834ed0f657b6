import { existsSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'

const types: Record<string, string> = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.md': 'text/markdown; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.xml': 'application/xml',
}

/**
 * The file of a site that a path below its base stands for, as static hosts
 * with clean URLs look it up.
 */
export function fileAt(folder: string, path: string): string | undefined {
  const name = normalize(join('/', decodeURIComponent(path)))
  const tried = name.endsWith('/')
    ? [`${name}index.html`]
    : [name, `${name}.html`]
  return tried
    .map((file) => join(folder, file))
    .find((file) => existsSync(file) && statSync(file).isFile())
}

/** Serves a folder on this computer only, below a path of the host. */
export async function serve(folder: string, base: string) {
  const server = createServer(({ url = '/' }, response) => {
    const { pathname } = new URL(url, 'http://localhost')
    const file = pathname.startsWith(base)
      ? fileAt(folder, pathname.slice(base.length))
      : undefined
    const shown = file ?? join(folder, '404.html')
    response.writeHead(file ? 200 : 404, {
      'content-type': types[extname(shown)] ?? 'application/octet-stream',
      // Names of assets change with their content, and a browser that keeps
      // them spares each test the same half second.
      'cache-control': pathname.includes('/assets/')
        ? 'max-age=3600, immutable'
        : 'no-cache',
    })
    response.end(readFileSync(shown))
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}${base}`,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
