import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { agentFor, ask } from '../../lib/https.ts'
import { createAuthority } from '../../lib/pki.ts'
import { startTlsServer, type TlsServer } from './tls-server.ts'

let server: TlsServer
let authority: string

beforeAll(async () => {
  server = await startTlsServer()
  authority = server.authority.certificate
})
afterAll(() => server.stop())
beforeEach(() => {
  server.received = []
  server.connections = 0
})

test('a question is answered with status, headers and text', async () => {
  server.answer = (_, response) => {
    response.writeHead(200, { 'x-answer': 'yes' }).end('größe')
  }
  const answer = await ask(`${server.url}/path?a=b`, { authority })
  expect(answer).toMatchObject({
    status: 200,
    headers: { 'x-answer': 'yes' },
    text: 'größe',
  })
  expect(server.received).toMatchObject([
    { method: 'GET', path: '/path?a=b', body: '', client: undefined },
  ])
})

test('any status is an answer', async () => {
  for (const status of [204, 301, 401, 404, 500, 503]) {
    server.answer = (_, response) => response.writeHead(status).end()
    expect((await ask(server.url, { authority })).status).toBe(status)
  }
})

test('method, headers and body are sent as they are', async () => {
  server.answer = (_, response) => response.end()
  const headers = { 'content-type': 'text/plain', 'x-odd': 'a b' }
  const body = 'größe'.repeat(10_000)
  await ask(server.url, { authority, method: 'POST', headers, body })
  expect(server.received).toMatchObject([{ method: 'POST', headers, body }])
})

test.each(['POST', 'PUT', 'PATCH', 'DELETE'])(
  'the body of a %s is framed: the next question is another one',
  async (method) => {
    server.answer = ({ body }, response) => response.end(body)
    const agent = agentFor({ authority }, true)
    for (const body of ['first', 'second']) {
      const answer = await ask(server.url, { agent, method, body })
      expect(answer).toMatchObject({ status: 200, text: body })
    }
    agent.destroy()
  },
)

test('a client with a certificate is known by its name', async () => {
  const { certificate, key } = server.client
  await ask(server.url, { authority, certificate, key })
  expect(server.received[0]?.client).toBe('admin')
})

test('a server of a foreign authority is refused', async () => {
  const foreign = await createAuthority({ commonName: 'ca', days: 1 })
  const question = { authority: foreign.certificate }
  await expect(ask(server.url, question)).rejects.toThrow(/certificate|verify/)
  expect(server.received).toEqual([])
})

test('a server is not trusted without an authority', async () => {
  await expect(ask(server.url)).rejects.toThrow(/certificate|verify/)
})

test('a server under a name that is not its own is refused', async () => {
  const url = server.url.replace('127.0.0.1', 'localhost')
  await expect(ask(url, { authority })).rejects.toThrow(/altnames|ECONN/)
})

test('a server that is not there is an error', async () => {
  const other = await startTlsServer()
  await other.stop()
  await expect(ask(other.url, { authority })).rejects.toThrow('ECONNREFUSED')
})

test('an answer that is cut off is an error, not a short answer', async () => {
  server.answer = (_, response) => {
    response.writeHead(200, { 'content-length': 100 })
    response.write('half', () => response.socket?.destroy())
  }
  await expect(ask(server.url, { authority })).rejects.toThrow('aborted')
})

test('an agent that keeps connections makes one for many questions', async () => {
  server.answer = (_, response) => response.end('{}')
  const agent = agentFor({ authority }, true)
  for (let i = 0; i < 5; i++) await ask(server.url, { agent })
  expect(server.connections).toBe(1)
  agent.destroy()

  for (let i = 0; i < 2; i++) await ask(server.url, { authority })
  expect(server.connections).toBe(3)
})
