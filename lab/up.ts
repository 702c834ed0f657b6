import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { createInterface } from 'node:readline/promises'
import type { Cluster } from '../lib/cluster.ts'
import { GuideError } from '../lib/errors.ts'
import { closeSsh } from '../lib/ssh.ts'
import { installCommand } from './apt.ts'
import { ensureKey, recordHosts } from './keys.ts'
import { loadLab } from './lab-file.ts'
import { measurePatience } from './patience.ts'
import { bare, type LabPlan, labPlan } from './plan.ts'
import { inspectHost } from './requirements.ts'
import { asRoot } from './root.ts'
import type { Report, UpResult } from './task.ts'

export interface LabUpOptions {
  /** Install missing Debian packages without asking. Default false. */
  yes?: boolean
  /** Virtual machines, whatever cluster.yaml says. Default false. */
  vm?: boolean
  /** Takes a line of progress. Default: stdout. */
  report?: Report
}

/**
 * Makes the machines of a cluster.yaml and starts them. Machines that run are
 * left alone, so a second call changes nothing.
 *
 * @returns names of the machines that were made now
 * @throws {GuideError} with all that this host lacks, or with the machine
 * that failed and the end of its console
 * @example
 * await labUp('cluster.yaml', { yes: true })
 */
export async function labUp(
  clusterFile: string,
  { yes = false, vm = false, report = console.log }: LabUpOptions = {},
): Promise<{ created: string[] }> {
  const { cluster, lab } = loadLab(clusterFile)
  const planned = labPlan(cluster, lab, '', { vm })
  const install = await agreeOnPackages(planned, yes, report)
  const plan = { ...planned, key: await keyOf(cluster, install) }
  await mkdir(plan.cache, { recursive: true })
  await mkdir(plan.artifacts, { recursive: true })

  const result = (await asRoot(
    { verb: 'up', plan, install },
    report,
  )) as UpResult
  await remember(cluster, plan, result)
  if (plan.kind === 'vm') await measurePatience(cluster, report)
  return { created: result.created }
}

// Looks at the host first: nothing is made on one that cannot hold a lab.
async function agreeOnPackages(
  plan: LabPlan,
  yes: boolean,
  report: Report,
): Promise<string[]> {
  const { lacks, warnings } = await inspectHost(plan)
  for (const warning of warnings) report(`! ${warning}`)
  if (lacks.length === 0) return []
  const list = lacks.map((lack) =>
    lack.package ? `${lack.what} (package ${lack.package})` : lack.what,
  )
  const names = lacks.flatMap((lack) => lack.package ?? [])
  const found = `This host lacks what the lab needs\n  ${list.join('\n  ')}`
  if (names.length < lacks.length) throw new GuideError(found)
  if (!existsSync('/usr/bin/apt-get')) {
    throw new GuideError(found, [
      'this host has no apt-get: install them its own way, then run it again',
    ])
  }
  if (yes) return names
  const install = await installCommand(names)
  if (!isTerminal()) {
    throw new GuideError(found, [
      'run it again with --yes, and the lab installs these packages',
      `or install them yourself: ${install}`,
    ])
  }
  if (await confirm(`${found}\nInstall with ${install}? [Y/n] `)) return names
  throw new GuideError('The lab needs these packages', [install])
}

// Without ssh-keygen there is no key yet; root installs it first.
async function keyOf(cluster: Cluster, install: string[]): Promise<string> {
  if (install.includes('openssh-client')) {
    throw new GuideError('The lab needs ssh on this host', [
      'apt-get install openssh-client',
    ])
  }
  return ensureKey(cluster.directory, cluster.name)
}

async function remember(
  cluster: Cluster,
  plan: LabPlan,
  { created, hostKeys }: UpResult,
): Promise<void> {
  // A connection to an earlier machine of that address would hang.
  const fresh = cluster.machines.filter(({ name }) => created.includes(name))
  await closeSsh(fresh, cluster.directory)
  await recordHosts(
    cluster.directory,
    plan.machines.map(({ name, address, sshPort }) => ({
      address: bare(address),
      port: sshPort,
      key: hostKeys[name],
    })),
  )
}

function isTerminal(): boolean {
  return process.env.CI !== 'true' && Boolean(process.stdin.isTTY)
}

async function confirm(question: string): Promise<boolean> {
  const terminal = createInterface(process.stdin, process.stdout)
  const answer = await terminal.question(question)
  terminal.close()
  return /^(y|yes|)$/i.test(answer.trim())
}
