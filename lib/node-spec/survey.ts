import { GuideError } from '../errors.ts'
import { membershipFile } from '../hosts.ts'
import type { Machine } from '../machine.ts'
import { type Script, sh } from '../shell.ts'
import {
  type About,
  type Check,
  type Probe,
  type Severity,
  settings,
} from './check.ts'
import { kernelChecks } from './kernel-checks.ts'
import { networkChecks } from './network-checks.ts'
import type { Family } from './packages.ts'
import { resourceChecks } from './resource-checks.ts'
import { systemChecks } from './system-checks.ts'

/** Every check of the node spec, in the order in which they are reported. */
export const checks: readonly Check[] = [
  ...systemChecks,
  ...kernelChecks,
  ...resourceChecks,
  ...networkChecks,
]

/** A check that a machine does not meet. */
export interface Finding {
  machine: string
  check: Check
  /** As the check says, unless the verdict weighs it otherwise. */
  severity: Severity
  found: string
  remedy: string
}

/** What the checks found on one machine. */
export interface Survey {
  machine: string
  /** Undefined for a distribution that we do not know. */
  family: Family | undefined
  container: boolean
  /** Only what is not as it should be. */
  findings: Finding[]
}

/** The part of a machine that a survey needs. */
export type Surveyed = Pick<Machine, 'name' | 'address' | 'roles' | 'read'>

/**
 * Runs every probe on every machine, all machines at once and one script on
 * each, and judges what they printed. Nothing is changed.
 *
 * @param identity of the cluster; machines that know it are its members
 * @returns a survey per machine, in the order of the machines
 * @throws {GuideError} when a machine cannot be reached
 * @example
 * const surveys = await surveyMachines(cluster.machines, cluster.identity)
 */
export async function surveyMachines(
  machines: readonly Surveyed[],
  identity: string,
): Promise<Survey[]> {
  const script = surveyScript()
  const outputs = await Promise.all(
    machines.map(async (machine) => ({
      machine,
      sections: readSections(await machine.read`${script}`),
    })),
  )
  return outputs.map(({ machine, sections }) => {
    const about = aboutMachine(machine, machines, sections, identity)
    const judged = checks
      .filter(({ roles = machine.roles }) =>
        roles.some((role) => machine.roles.includes(role)),
      )
      .flatMap((check) => {
        const everywhere = outputs.map((output) => ({
          name: output.machine.name,
          address: output.machine.address,
          printed: output.sections.get(check.probe.id) ?? '',
        }))
        const printed = sections.get(check.probe.id) ?? ''
        const verdict = check.judge(printed, { ...about, everywhere })
        if (verdict.fine) return []
        const { found, severity, remedy } = verdict
        const finding: Finding = {
          machine: machine.name,
          check,
          severity: severity ?? check.severity,
          found,
          remedy: remedy ?? check.remedy,
        }
        return [finding]
      })
    const { family, container } = about
    return { machine: machine.name, family, container, findings: judged }
  })
}

/**
 * Ends the step for a machine on which something blocks.
 *
 * @param name of the machine
 * @throws {GuideError} with everything that blocks on this machine
 * @example
 * requireFit(surveys, machine.name)
 */
export function requireFit(surveys: readonly Survey[], name: string): void {
  const blocking = findingsOf(surveys, 'blocks').filter(
    ({ machine }) => machine === name,
  )
  if (blocking.length === 0) return
  const ids = blocking.map(({ check }) => check.id).join(', ')
  throw new GuideError(
    [
      `${name} does not meet the node spec (${ids}); nothing was changed`,
      describeFindings(blocking),
    ].join('\n'),
  )
}

/**
 * Describes findings, each with its machine, what to do and why.
 *
 * @example
 * throw new GuideError(describeFindings(findingsOf(surveys, 'blocks')))
 */
export function describeFindings(findings: readonly Finding[]): string {
  return findings
    .map((finding) => render(finding, [finding.machine]))
    .join('\n')
}

/**
 * What is advised, as lines to print: once for all machines that it is said
 * of.
 *
 * @example
 * for (const line of advice(surveys)) console.log(line)
 */
export function advice(surveys: readonly Survey[]): string[] {
  const groups = new Map<string, Finding[]>()
  for (const finding of findingsOf(surveys, 'advised')) {
    const key = `${finding.check.id} ${finding.found} ${finding.remedy}`
    groups.set(key, [...(groups.get(key) ?? []), finding])
  }
  return [...groups.values()].flatMap(([finding, ...others]) => {
    if (!finding) return []
    const names = [finding, ...others].map(({ machine }) => machine)
    return render(finding, names.length === surveys.length ? ['all'] : names)
  })
}

/**
 * What was found of one severity, on any machine.
 *
 * @example
 * const blocking = findingsOf(surveys, 'blocks')
 */
export function findingsOf(
  surveys: readonly Survey[],
  severity: Severity,
): Finding[] {
  return surveys
    .flatMap(({ findings }) => findings)
    .filter((finding) => finding.severity === severity)
}

/**
 * The script of all probes. Each prints into a section of its own, and one
 * that fails only leaves its section empty.
 *
 * @example
 * readSections(await machine.read`${surveyScript()}`)
 */
export function surveyScript(): Script {
  const probes = new Map<string, Script>()
  for (const { probe } of [{ probe: machineProbe }, ...checks]) {
    probes.set(probe.id, probe.script)
  }
  const sections = [...probes].map(
    ([id, { script }]) => `printf '\\n## %s\\n' ${id}\n(\n${script}\n)\n`,
  )
  return {
    script: `set +e +u +o pipefail\n{\n${sections.join('')}} 2>/dev/null`,
  }
}

/**
 * Cuts the output of {@link surveyScript} into its sections.
 *
 * @example
 * readSections('## cpu\n2\n').get('cpu') // '2'
 */
export function readSections(output: string): Map<string, string> {
  const parts = `\n${output}`.split(/\n## (?=[\w-]+\n|[\w-]+$)/).slice(1)
  return new Map(
    parts.map((part) => {
      const end = part.indexOf('\n')
      return end < 0
        ? [part, '']
        : [part.slice(0, end), part.slice(end + 1).trimEnd()]
    }),
  )
}

const machineProbe: Probe = {
  id: 'machine',
  script: sh`
    . /etc/os-release
    printf '%s\n' "id=$ID" "like=$ID_LIKE" "version=$VERSION_ID" \
      "name=$PRETTY_NAME" "container=$(systemd-detect-virt --container)" \
      "member=$(cat ${membershipFile})"
    command -v apt-get >/dev/null && echo family=debian && exit
    command -v dnf >/dev/null && echo family=fedora`,
}

function aboutMachine(
  machine: Surveyed,
  machines: readonly Surveyed[],
  sections: Map<string, string>,
  identity: string,
): Omit<About, 'everywhere'> {
  const found = settings(sections.get('machine') ?? '')
  const { id = '', version = '', name = '', container, member } = found
  return {
    machine,
    machines,
    family:
      found.family === 'debian' || found.family === 'fedora'
        ? found.family
        : undefined,
    os: { id, version, name },
    container: Boolean(container && container !== 'none'),
    member: member === identity,
  }
}

function render(finding: Finding, machines: readonly string[]): string {
  const { check, found, remedy, severity } = finding
  const mark = severity === 'blocks' ? '✗' : '!'
  return [
    `  ${mark} ${check.id} on ${machines.join(', ')}: found ${found}, wanted ${check.wanted}`,
    `      why: ${check.why}`,
    `      do:  ${remedy}`,
  ].join('\n')
}
