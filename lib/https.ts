import type { IncomingHttpHeaders } from 'node:http'
import { Agent, request } from 'node:https'
import { patient } from './patience.ts'
import { spending } from './time-spent.ts'

/** What an HTTPS server answered. */
export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  text: string
}

/** What to send, and as whom. */
export interface Question {
  /** Default GET. */
  method?: string
  headers?: Record<string, string>
  body?: string
  /** Carries the identity and the authority that is trusted. */
  agent?: Agent
  /** PEM; trusted instead of the public authorities. */
  authority?: string
  certificate?: string
  key?: string
}

/**
 * Asks an HTTPS server, once, and takes any status for an answer.
 *
 * @throws {Error} when nothing answers within 10 seconds, longer for slow
 * machines, or when either side
 * refuses the other's certificate
 * @example
 * const { status } = await ask('https://10.10.0.11:6443/readyz', { authority })
 */
export function ask(url: string, question: Question = {}): Promise<Answer> {
  return https.ask(url, question)
}

/** How servers are asked. Tests of the steps put a model here. */
export const https = {
  /** Asks one question of one server. */
  ask: askOnce,
}

function askOnce(url: string, question: Question): Promise<Answer> {
  const { method = 'GET', body, agent } = question
  // Node frames no body of a DELETE by itself: its end would be unknown, and
  // the next question on this connection be read as a part of it.
  const length =
    body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }
  const headers = { ...question.headers, ...length }
  const limit = patient(10)
  const timeout = limit * 1000
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const sent = request(
    url,
    { agent: agent ?? agentFor(question), method, headers, timeout },
    (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (piece: string) => {
        text += piece
      })
      response.on('error', reject)
      response.on('end', () => {
        const { statusCode: status = 0, headers } = response
        resolve({ status, headers, text })
      })
    },
  )
  sent.on('error', reject)
  sent.on('timeout', () =>
    sent.destroy(new Error(`no answer within ${limit} s`)),
  )
  sent.end(body)
  return spending('api', promise)
}

/**
 * An agent that keeps connections, for many questions by one identity.
 *
 * @example
 * const agent = agentFor({ authority, certificate, key }, true)
 * await ask('https://10.10.0.11:6443/readyz', { authority, agent })
 */
export function agentFor(
  { authority, certificate, key }: Question,
  keepAlive = false,
): Agent {
  return new Agent({ keepAlive, ca: authority, cert: certificate, key })
}
