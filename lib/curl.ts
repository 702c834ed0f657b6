import { patient } from './patience.ts'
import { type Script, sh } from './shell.ts'

/**
 * `curl` as a step asks with it: silent but for what went wrong, and never
 * longer than a server that is well could take. One that is frozen keeps
 * connections open, and would be waited for as long.
 *
 * @returns bash, to which options and the URL are added
 * @example
 * sh`${curl()} --fail http://127.0.0.1:10256/healthz`
 */
export function curl(): Script {
  return sh`curl --silent --show-error --max-time ${patient(10)}`
}
