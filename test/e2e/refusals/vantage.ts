// From where somebody tries: a request is the same everywhere, and what may
// be refused on the way is not.

import type { Machine } from '../../../lib/machine.ts'
import { type Script, sh } from '../../../lib/shell.ts'

/** Who asks: a certificate, a token, or nobody. */
export interface Who {
  certificate?: string
  key?: string
  token?: string
}

/** What came back. Without a status, nothing did, and `error` says why. */
export interface Reply {
  status: number
  error: string
  text: string
}

/** A place that can be reached from, and asks from there. */
export interface Vantage {
  /** Asks as somebody, trusting the server whoever it is. */
  ask(
    url: string,
    who?: Who,
    options?: { headers?: Record<string, string> },
  ): Promise<Reply>
  /** Which of these, as `ADDRESS:PORT`, take a TCP connection. */
  open(targets: readonly string[]): Promise<string[]>
}

/**
 * A place on a machine.
 *
 * @param inside a prefix such as `nsenter …`, for another network there
 */
export function vantage(machine: Machine, inside: Script = sh``): Vantage {
  return {
    async ask(
      url,
      { certificate = '', key = '', token = '' } = {},
      { headers = {} } = {},
    ) {
      const config = [
        ...['silent', 'show-error', 'insecure', 'http1.1', 'max-time = 10'],
        ...['output = body', 'write-out = "%{http_code} %{errormsg}"'],
        ...(token ? [`header = "authorization: Bearer ${token}"`] : []),
        ...Object.entries(headers).map((it) => `header = "${it.join(': ')}"`),
        ...(key ? ['cert = crt', 'key = key'] : []),
      ].join('\n')
      // In files, because every process could read an argument.
      const said = await machine.run`
        folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
        printf %s ${config} >config
        printf %s ${certificate} >crt; printf %s ${key} >key
        ${inside} curl --config config ${url} 2>/dev/null || true
        echo; head -c 3000 body 2>/dev/null || true`
      const [first = '', ...body] = said.split('\n')
      const [status = '', ...error] = first.split(' ')
      return {
        status: Number(status),
        error: error.join(' '),
        text: body.join('\n'),
      }
    },
    async open(targets) {
      const paths = targets.map((target) => target.replace(':', '/'))
      const said = await machine.run`
        for path in ${paths}; do
          { timeout 5 ${inside} bash -c 'exec 3<>/dev/tcp/$0' $path &&
              echo $path; } 2>/dev/null &
        done
        wait`
      const found = said.split('\n')
      return targets.filter((_, at) => found.includes(paths[at] ?? ''))
    },
  }
}
