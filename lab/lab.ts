import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { closest } from '../lib/closest.ts'
import { clusterFileFromArguments } from '../lib/cluster.ts'
import { GuideError, renderError } from '../lib/errors.ts'
import { printable, readFlags } from '../lib/flags.ts'
import { sshOptions } from '../lib/ssh.ts'
import { consoleFile, printConsole } from './console.ts'
import { labDown } from './down.ts'
import { loadLab } from './lab-file.ts'
import { labPower, machinesNamed } from './power.ts'
import { labStatus, renderStatus } from './status.ts'
import { labUp } from './up.ts'

const usage = `usage: npm run lab -- VERB [options]
  up       make and start the machines of cluster.yaml
             --yes    install missing Debian packages without asking
             --vm     virtual machines, whatever cluster.yaml says
  down     remove them and everything that was made for them
  status   show them
             --json   for programs
  ssh NAME [COMMAND…]   log in, or run a command
  stop NAME…    power machines off, as their own poweroff would
  start NAME…   start them, and wait until they answer SSH
  kill NAME…    cut their power at once
  console NAME  print what a machine printed on its console
             -f, --follow   and what it prints from now on

  --cluster FILE   the cluster; default cluster.yaml, or $CLUSTER`

const verbs = [
  ...['up', 'down', 'status', 'ssh', 'stop', 'start', 'kill', 'console'],
]

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`${renderError(error)}\n`)
  process.exitCode = 1
}

async function main(argv: string[]): Promise<number> {
  const remote = takeCommand(argv)
  const { values, positionals } = parse(argv)
  const [verb, ...names] = positionals
  const file = clusterFileFromArguments(argv, process.env)
  if (names.length > mostNames(verb)) {
    throw misuse(`too many arguments: ${positionals.map(printable).join(' ')}`)
  }
  switch (verb) {
    case 'up':
      await labUp(file, { yes: values.yes, vm: values.vm })
      return 0
    case 'down':
      await labDown(file)
      return 0
    case 'status': {
      const machines = labStatus(file)
      const json = JSON.stringify(machines, null, 2)
      console.log(values.json ? json : renderStatus(machines))
      return 0
    }
    case 'ssh':
      return ssh(file, names, remote)
    case 'start':
    case 'stop':
    case 'kill':
      await labPower(file, verb, names)
      return 0
    case 'console':
      return printConsole(consoleFile(file, names[0]), values)
    default:
      throw misuse(verb ? unknownVerb(verb) : 'a verb is missing')
  }
}

function unknownVerb(verb: string): string {
  const near = closest(verb, verbs)
  const guess = near ? ` (did you mean ${near}?)` : ''
  return `there is no verb ${printable(verb)}${guess}`
}

function mostNames(verb: string | undefined): number {
  if (verb === 'ssh' || verb === 'console') return 1
  const many = verb === 'start' || verb === 'stop' || verb === 'kill'
  return many ? Number.POSITIVE_INFINITY : 0
}

// What comes after the name of a machine is the machine's, and may hold
// options of its own.
function takeCommand(argv: string[]): string[] {
  const at = argv.indexOf('ssh')
  if (at < 0) return []
  const remote = argv.splice(at + 2)
  if (remote[0] === '--cluster') argv.push(...remote.splice(0, 2))
  if (remote[0]?.startsWith('--cluster=')) argv.push(...remote.splice(0, 1))
  return remote
}

function parse(args: string[]) {
  const options = {
    yes: { type: 'boolean', default: false },
    vm: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    cluster: { type: 'string' },
    follow: { type: 'boolean', short: 'f', default: false },
  } as const
  return readFlags(args, options, usage, true)
}

async function ssh(file: string, names: string[], remote: string[]) {
  const { cluster } = loadLab(file)
  const [machine] = machinesNamed(cluster, names)
  if (!machine) throw misuse('a machine is missing')
  const { name } = machine
  if (!labStatus(file).some((it) => it.name === name && it.running)) {
    throw new GuideError(`${name} does not run`, [
      `npm run lab -- start ${name}`,
    ])
  }
  const entry = {
    ...machine,
    ssh: { ...machine.ssh, user: machine.ssh.user ?? 'root' },
  }
  const options = sshOptions(entry, cluster.directory)
  const child = spawn('ssh', [...options, ...remote], { stdio: 'inherit' })
  const [code, signal] = await once(child, 'close')
  return code ?? 128 + constants.signals[signal as NodeJS.Signals]
}

function misuse(why: string) {
  return new GuideError(`${why}\n${usage}`)
}
