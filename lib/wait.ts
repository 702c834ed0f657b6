import { setTimeout as sleep } from 'node:timers/promises'
import { GuideError } from './errors.ts'
import type { Host } from './host.ts'
import { patient, pause } from './patience.ts'
import { type Script, sh } from './shell.ts'
import { spending } from './time-spent.ts'

/**
 * Waits on a machine until a script succeeds. The loop runs there, so that
 * waiting costs no round trips: ten times a second at first, then three times,
 * on slow machines less often. A look that does not end by itself is ended,
 * and counts as one in vain.
 *
 * @param seconds how long at most, on machines of usual speed; see
 * {@link patient}
 * @throws {GuideError} with what it waited for and the script's last words
 * @example
 * await waitOn('cp-1', host, 'etcd answers', sh`etcdctl …`, 60)
 */
export async function waitOn(
  machine: string,
  host: Host,
  what: string,
  script: Script,
  seconds: number,
  next: readonly string[] = [],
): Promise<void> {
  const limit = patient(seconds)
  // What looks may hang itself, on a server that is frozen: there is time for
  // another look, which may find another server.
  const look = patient(Math.min(10, Math.max(1, seconds / 2)))
  const read = host.read(sh`
    said=$(mktemp); trap 'rm -f "$said"' EXIT
    end=$((SECONDS + ${limit}))
    # What does not come at once has much to do, on the processor that looks.
    soon=$((SECONDS + ${patient(2)}))
    pause=${pause()}
    while :; do
      found=0
      timeout --kill-after 5 ${look} \
        bash -euo pipefail -c ${script.script} >"$said" 2>&1 || found=$?
      [ "$found" != 0 ] || exit 0
      [ "$found" != 124 ] ||
        echo "looking took longer than "${look}" s, and was ended" >>"$said"
      [ "$SECONDS" -lt "$end" ] || { echo late; tail -n 8 "$said"; exit 0; }
      sleep "$pause"
      [ "$SECONDS" -lt "$soon" ] || pause=${pause(0.3)}
    done
    `)
  const said = await spending('waiting', read)
  if (said === '') return
  const reason = said.replace(/^late/, '')
  const paste = indent(await host.paste(script))
  throw waitError(
    `${machine}: waited ${limit} s until ${what}`,
    reason,
    next.map((line) => (isLog.test(line) ? `${line}, on ${machine}` : line)),
    `\n  to look by hand:\n    ${paste}`,
  )
}

/**
 * Waits on the operator's side until a function returns something truthy.
 *
 * @param look called ten times a second, on slow machines less often; what it
 * throws is the reason shown
 * @param seconds how long at most, on machines of usual speed; default 60
 * @returns what `look` returned
 * @throws {GuideError} with what it waited for and the last reason
 * @example
 * await until('all nodes are Ready', () => nodes.every(isReady))
 */
export async function until<T>(
  what: string,
  look: () => Promise<T> | T,
  { seconds = 60, next = [] as readonly string[] } = {},
): Promise<NonNullable<T>> {
  const limit = patient(seconds)
  const end = performance.now() + limit * 1000
  let reason = 'it was not so yet'
  let advice: readonly string[] = []
  while (true) {
    try {
      const found = await look()
      if (found) return found
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error)
      advice = error instanceof GuideError ? error.next : []
    }
    if (performance.now() > end) {
      const all = [...next, ...advice]
      throw waitError(`waited ${limit} s until ${what}`, reason, all)
    }
    await spending('waiting', sleep(pause() * 1000))
  }
}

const isLog = /^journalctl/

function waitError(
  what: string,
  said: string,
  next: readonly string[],
  byHand = '',
) {
  const reason = indent(said.trim())
  const seen = reason && `\n  last seen:\n    ${reason}`
  return new GuideError(`${what}, in vain${seen}${byHand}`, next)
}

function indent(text: string): string {
  return text.split('\n').join('\n    ')
}
