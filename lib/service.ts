import { GuideError } from './errors.ts'
import type { Host } from './host.ts'
import type { Machine } from './machine.ts'
import { patient } from './patience.ts'
import { type Script, sh } from './shell.ts'
import { waitOn } from './wait.ts'

/** A systemd service, as a step describes it. */
export interface Service {
  /** Text of the unit file. */
  unit: string
  /** Files and folders whose change calls for a restart. */
  reads: readonly string[]
  /**
   * When given, machines on which the service runs already restart it one
   * at a time, and the next waits until this succeeds.
   */
  healthy?: Script
  /** False: do not wait for the start to finish. Default true. */
  wait?: boolean
}

// Services that are being restarted one at a time; see `healthy`. Each turn
// ends with the name of the machine where a restart has failed, if one has.
const turns = new Map<string, Promise<string | undefined>>()

/**
 * Has a service run with what its files say now; see `Machine.service`.
 *
 * @param isPlanned under `--plan`: whether a path is about to change
 * @example
 * await ensureService(machine, host, 'etcd', { unit, reads }, () => false)
 */
export async function ensureService(
  machine: Machine,
  host: Host,
  name: string,
  service: Service,
  isPlanned: (path: string) => boolean,
): Promise<void> {
  const unitFile = `/etc/systemd/system/${name}.service`
  const unitChanged = await machine.file(unitFile, service.unit)
  const reads = [...service.reads, unitFile]
  const found = await host.read(stateScript(name, reads))
  const [unit, state] = found.split('\n')
  machine.journal.looked++

  const stale = machine.planning && (unitChanged || reads.some(isPlanned))
  if (state === 'current' && !stale) return
  const verb = state === 'stopped' ? 'start' : 'restart'
  if (machine.planning) {
    return machine.changed(`${name}.service`, [`${verb} ${name}.service`])
  }
  const { healthy, wait = true } = service
  const prepare = prepareScript(name, unit !== 'loaded no')
  const next = [`journalctl -u ${name}`]
  if (verb === 'restart' && healthy) {
    await inTurn(name, machine.name, async () => {
      await host.read(restartScript(name, prepare), next)
      const what = `${name} is healthy after its restart`
      await waitOn(machine.name, host, what, healthy, 120, next)
    })
  } else {
    await host.read(startScript(name, prepare, wait), next)
  }
  machine.changed(`${name}.service ${verb}ed`)
}

/**
 * Stops a service and forgets it; see `Machine.removeService`.
 *
 * @example
 * await removeService(machine, 'etcd')
 */
export async function removeService(
  machine: Machine,
  name: string,
): Promise<void> {
  const unitFile = `/etc/systemd/system/${name}.service`
  await machine.ensure(
    `removed ${name}.service`,
    sh`[ ! -e ${unitFile} ]`,
    sh`systemctl stop ${name}
       systemctl --root=/ disable --quiet ${name}
       rm -f ${unitFile}
       systemctl daemon-reload
       systemctl reset-failed ${name} 2>/dev/null || true`,
  )
}

// As `make` does it: what was written after the process started has not been
// read by it. This needs no memory of our own, so it stays true when we were
// interrupted between writing a file and restarting what reads it. Before that
// comes whether systemd knows the unit file, and whether as it is now.
function stateScript(name: string, reads: readonly string[]): Script {
  return sh`
    while IFS='=' read -r key value; do declare "$key=$value"; done <<< \
      "$(systemctl show --timestamp=us+utc ${name} \
      -p LoadState -p NeedDaemonReload -p ActiveState \
      -p ExecMainStartTimestamp)"
    echo "$LoadState $NeedDaemonReload"
    case $ActiveState in active | activating | reloading) ;;
      *) echo stopped; exit 0 ;;
    esac
    if [ "$NeedDaemonReload" = yes ] || [ -z "$ExecMainStartTimestamp" ] ||
      [ -n "$(find -L ${reads} -type f -newermt "$ExecMainStartTimestamp" \
        -print -quit 2>/dev/null)" ]
    then echo stale; else echo current; fi`
}

// What systemd has never heard of, it reads when it is asked to start it. What
// it knows by an older file it reads again only together with all units of the
// machine, which takes longer than most programs take to start.
//
// A unit is enabled by a link for the next boot. Made, and above removed,
// without asking systemd: it would read everything, or call every unit outdated
// until it has.
function prepareScript(name: string, reload: boolean): Script {
  const enable = sh`systemctl --root=/ enable --quiet ${name}`
  return reload ? sh`${enable}; systemctl daemon-reload` : enable
}

function startScript(name: string, prepare: Script, wait: boolean): Script {
  return sh`
    ${prepare}
    systemctl reset-failed ${name} 2>/dev/null || true
    systemctl restart ${wait ? [] : ['--no-block']} ${name} || {
      journalctl --unit ${name} --lines 20 --no-pager --output cat >&2
      exit 1
    }`
}

// Waits for the new process: the old one, while it stops, still answers that
// it is healthy. But not for ever: whether the new one is, is asked next.
function restartScript(name: string, prepare: Script): Script {
  return sh`
    ${prepare}
    timeout ${patient(60)} systemctl restart ${name} || true`
}

async function inTurn(
  name: string,
  machine: string,
  restart: () => Promise<void>,
): Promise<void> {
  const before = turns.get(name) ?? Promise.resolve(undefined)
  const mine = before.then(async (broken) => {
    // What broke one would break the next, and then none would be left.
    if (broken) {
      throw new GuideError(
        `${machine}: ${name} was not restarted, because it did not become ` +
          `healthy on ${broken}; it runs with what it read before`,
      )
    }
    await restart()
  })
  const end = mine.then(
    () => undefined,
    async () => (await before) ?? machine,
  )
  turns.set(name, end)
  await mine
}
