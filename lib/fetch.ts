import { patient } from './patience.ts'
import { type Script, sh } from './shell.ts'

/** Exit code of a script that got another file than it should have. */
export const wrongSum = 65

// openssl is several times as fast as sha256sum, and not everywhere.
const sum = sh`sum() {
  if command -v openssl >/dev/null; then openssl dgst -sha256 -r "$1"
  else sha256sum "$1"; fi | cut -d ' ' -f 1
}`

/**
 * Compares a file on a machine; one with another content is removed.
 *
 * @example
 * await host.read(checkScript(sha256, '/usr/local/bin/etcd.new'))
 */
export function checkScript(sha256: string, path: string): Script {
  return sh`
    ${sum}
    found=$(sum ${path})
    if [ "$found" != ${sha256} ]; then
      rm -f ${path}
      echo "checksum of "${path}" is $found, not "${sha256} >&2
      exit ${wrongSum}
    fi`
}

/**
 * Has a machine download a file, and compares it. A slow link takes the time
 * that it takes; a server that sends nothing any more is given up.
 *
 * @param stall seconds without a byte, on machines of usual speed
 * @example
 * await host.read(fetchScript(url, sha256, '/usr/local/bin/etcd.new'))
 */
export function fetchScript(
  url: string,
  sha256: string,
  to: string,
  stall = 30,
): Script {
  return sh`
    curl --silent --show-error --fail --location --connect-timeout 3 \
      --speed-limit 1 --speed-time ${patient(stall)} \
      --output ${to} ${url}
    ${checkScript(sha256, to)}`
}
