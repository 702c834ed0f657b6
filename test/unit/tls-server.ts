import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { createAuthority, issue, type Pair } from '../../lib/pki.ts'

/** An authority, a server by it on loopback, and a client that it knows. */
export interface TlsServer {
  url: string
  authority: Pair
  client: Pair
  /** What answers from now on. */
  answer: (request: Received, response: ServerResponse) => void
  /** All requests, as they came. */
  received: Received[]
  /** Connections that were made. */
  connections: number
  stop(): Promise<void>
}

export interface Received {
  method: string
  path: string
  headers: IncomingMessage['headers']
  body: string
  /** Common name of the client's certificate. */
  client: string | undefined
}

export async function startTlsServer(): Promise<TlsServer> {
  const days = 1
  const authority = await createAuthority({ commonName: 'ca', days })
  const [own, client] = await Promise.all([
    issue({
      ...{ authority, days, commonName: 'server', usages: ['server'] },
      addresses: ['127.0.0.1'],
    }),
    issue({ authority, days, commonName: 'admin', usages: ['client'] }),
  ])
  const server = createServer({
    cert: own.certificate,
    key: own.key,
    ca: authority.certificate,
    requestCert: true,
    rejectUnauthorized: false,
  })
  const it: TlsServer = {
    url: '',
    authority,
    client,
    answer: (_, response) => response.end('{}'),
    received: [],
    connections: 0,
    async stop() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
  server.on('connection', () => it.connections++)
  server.on('request', async (request, response) => {
    const { method = '', url: path = '', headers } = request
    let body = ''
    for await (const piece of request.setEncoding('utf8')) body += piece
    const { authorized, getPeerCertificate } = request.socket as TLSSocket
    const peer = getPeerCertificate.call(request.socket)
    const name = authorized ? String(peer?.subject?.CN) : undefined
    const received = { method, path, headers, body, client: name }
    it.received.push(received)
    it.answer(received, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  it.url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  return it
}
