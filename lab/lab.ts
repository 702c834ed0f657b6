import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { parseArgs } from 'node:util'
import { clusterFileFromArguments } from '../lib/cluster.ts'
import { GuideError, renderError } from '../lib/errors.ts'
import { sshOptions } from '../lib/ssh.ts'
import { labDown } from './down.ts'
import { loadLab } from './lab-file.ts'
import { labStatus, renderStatus } from './status.ts'
import { labUp } from './up.ts'

const usage = `usage: npm run lab -- VERB [options]
  up       make and start the machines of cluster.yaml
             --yes    install missing Debian packages without asking
  down     remove them and everything that was made for them
  status   show them
             --json   for programs
  ssh NAME [COMMAND…]   log in, or run a command

  --cluster FILE   the cluster; default cluster.yaml, or $CLUSTER`

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`${renderError(error)}\n`)
  process.exitCode = 1
}

async function main(argv: string[]): Promise<number> {
  const remote = takeCommand(argv)
  const { values, positionals } = parse(argv)
  const [verb, name] = positionals
  const file = clusterFileFromArguments(argv, process.env)
  if (positionals.length > (verb === 'ssh' ? 2 : 1)) {
    throw misuse(`too many arguments: ${positionals.join(' ')}`)
  }
  switch (verb) {
    case 'up':
      await labUp(file, { yes: values.yes })
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
      return ssh(file, name, remote)
    default:
      throw misuse(verb ? `unknown: ${verb}` : 'a verb is missing')
  }
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
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        yes: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        cluster: { type: 'string' },
      },
    })
  } catch (error) {
    throw misuse((error as Error).message)
  }
}

async function ssh(file: string, name: string | undefined, remote: string[]) {
  const cluster = loadLab(file)
  const machine = cluster.machines.find((it) => it.name === name)
  if (!machine) {
    const names = cluster.machines.map((it) => it.name).join(', ')
    throw new GuideError(`No machine ${name ?? ''}; there are ${names}`)
  }
  if (!labStatus(file).some((it) => it.name === name && it.running)) {
    throw new GuideError(`${name} does not run`, ['npm run lab -- up'])
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
