import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import tls from 'node:tls'
import { InterruptedError, UnavailableError } from './errors.ts'

/** How long to wait for a server, in seconds. */
export interface Patience {
  /** Until it is connected; default 3. */
  connectSeconds?: number
  /** Without a single byte; default 20. */
  stallSeconds?: number
}

/** A server's answer; its body has to be read or destroyed. */
export interface Answer {
  status: number
  headers: http.IncomingHttpHeaders
  body: IncomingMessage
}

/** What goes with a request, and how long it may take. */
export interface RequestOptions extends Patience {
  headers?: Record<string, string>
  signal?: AbortSignal
}

// Without a network every artifact would wait for the same host again.
const unreachable = new Map<string, UnavailableError>()
const answered = new Set<string>()

/**
 * Asks for a URL and follows redirects, never from https to http. A host that
 * could not be reached is not tried again by this process. The proxies that
 * `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` name are used, and authorities
 * that this computer trusts are trusted.
 *
 * @throws {UnavailableError} when the host cannot be reached
 * @throws {InterruptedError} when it was reached and then fell silent
 * @example
 * const { status, body } = await request('https://dl.k8s.io/…/kubelet')
 */
export async function request(
  url: string,
  options: RequestOptions = {},
): Promise<Answer> {
  let at = new URL(url)
  for (let hop = 0; hop < 10; hop++) {
    const answer = await requestOnce(at, options)
    const { location } = answer.headers
    if (!redirects.includes(answer.status) || !location) return answer
    answer.body.destroy()
    const next = new URL(location, at)
    if (at.protocol === 'https:' && next.protocol !== 'https:') {
      throw new UnavailableError(
        `${url} redirects from https to ${next}; only https is followed`,
      )
    }
    at = next
  }
  throw new UnavailableError(`${url} redirects more than 10 times`)
}

const redirects = [301, 302, 303, 307, 308]

/**
 * Reads a small text, such as a checksum file.
 *
 * @throws {UnavailableError} when the host cannot be reached or has no such
 * file, with the URL
 * @example
 * await requestText('https://dl.k8s.io/…/kubelet.sha256')
 */
export async function requestText(
  url: string,
  options: RequestOptions = {},
): Promise<string> {
  // A connection that was kept open may have been closed meanwhile.
  for (let attempt = 1; ; attempt++) {
    try {
      return await readText(url, options)
    } catch (error) {
      if (!(error instanceof InterruptedError) || attempt === 3) throw error
    }
  }
}

async function readText(url: string, options: RequestOptions): Promise<string> {
  const { body, status } = await request(url, options)
  refuseStatus(status, url, body)
  const chunks: Buffer[] = []
  let size = 0
  await readBody(body, url, options, async (chunk) => {
    size += chunk.length
    if (size > 4e6) throw new UnavailableError(`${url} is longer than 4 MB`)
    chunks.push(chunk)
  })
  return Buffer.concat(chunks).toString('utf8')
}

/**
 * Reads a body chunk by chunk, and gives up when no byte comes any more.
 *
 * @throws {InterruptedError} when it stalls or breaks off
 * @example
 * await readBody(body, url, {}, async (chunk) => file.write(chunk))
 */
export async function readBody(
  body: IncomingMessage,
  url: string,
  { stallSeconds = 20 }: Patience,
  take: (chunk: Buffer) => Promise<void>,
): Promise<void> {
  const stalled = new InterruptedError(
    `${url} sent nothing for ${stallSeconds} s`,
  )
  const timer = setTimeout(() => body.destroy(stalled), stallSeconds * 1000)
  try {
    for await (const chunk of body) {
      timer.refresh()
      await take(chunk)
    }
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortError') throw error
    const { code = '' } = error as NodeJS.ErrnoException
    if (!/^(ECONNRESET|EPIPE|ETIMEDOUT|HPE_|ERR_SSL)/.test(code)) throw error
    throw new InterruptedError(`${url} broke off before its end`)
  } finally {
    clearTimeout(timer)
    body.destroy()
  }
}

/**
 * Turns a status that brings no content into an error.
 *
 * @throws {UnavailableError} with the URL and the status
 * @throws {InterruptedError} where asking again may help (RFC 9110, 15.6)
 * @example
 * refuseStatus(answer.status, url, answer.body)
 */
export function refuseStatus(
  status: number,
  url: string,
  body: IncomingMessage,
): void {
  if (status === 200 || status === 206) return
  body.destroy()
  const why = http.STATUS_CODES[status] ?? 'unknown status'
  const message = `${url} answered ${status} ${why}`
  if (status >= 500 || status === 408 || status === 429) {
    throw new InterruptedError(message)
  }
  throw new UnavailableError(message)
}

async function requestOnce(url: URL, options: RequestOptions): Promise<Answer> {
  const { connectSeconds = 3, stallSeconds = 20 } = options
  const gone = unreachable.get(url.host)
  if (gone) throw gone
  const { resolve, reject, promise } = Promise.withResolvers<Answer>()
  const secure = url.protocol === 'https:'
  const call = (secure ? https : http).get(url, {
    agent: secure ? secureAgent() : plainAgent(),
    headers: { 'accept-encoding': 'identity', ...options.headers },
    ...(options.signal && { signal: options.signal }),
  })
  const silent = (what: string, seconds: number) =>
    call.destroy(new Error(`${what} within ${seconds} s`))
  let connected = false
  let timer = setTimeout(
    () => silent('no connection', connectSeconds),
    connectSeconds * 1000,
  )
  const connect = () => {
    connected = true
    answered.add(url.host)
    clearTimeout(timer)
    timer = setTimeout(
      () => silent('no answer', stallSeconds),
      stallSeconds * 1000,
    )
  }
  call.once('socket', (socket) => {
    if (!socket.connecting) connect()
    else socket.once(secure ? 'secureConnect' : 'connect', connect)
  })
  call.once('response', (body) => {
    clearTimeout(timer)
    const { statusCode: status = 0, headers } = body
    resolve({ status, headers, body })
  })
  call.once('error', (error: NodeJS.ErrnoException) => {
    clearTimeout(timer)
    if (error.name === 'AbortError') return reject(error)
    const why = error.code ?? error.message
    if (connected || answered.has(url.host)) {
      return reject(new InterruptedError(`${url}: ${why}`))
    }
    const lost = new UnavailableError(`cannot reach ${url.host} (${why})`, [
      'look at the network and at HTTPS_PROXY and NO_PROXY, or use another ' +
        'source: `artifacts.sources` in cluster.yaml',
    ])
    unreachable.set(url.host, lost)
    reject(lost)
  })
  return promise
}

let plain: http.Agent | undefined
let secure: https.Agent | undefined

function plainAgent(): http.Agent {
  plain ??= new http.Agent({ keepAlive: true, proxyEnv: process.env })
  return plain
}

function secureAgent(): https.Agent {
  secure ??= new https.Agent({
    keepAlive: true,
    proxyEnv: process.env,
    // A company's proxy signs with an authority that only the system knows.
    ca: [
      ...tls.getCACertificates('default'),
      ...tls.getCACertificates('system'),
    ],
  })
  return secure
}
