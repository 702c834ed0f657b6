import { basename } from 'node:path'
import { componentOf } from '../../lib/artifacts/catalogue.ts'
import type { BuiltCluster } from './cluster.ts'
import {
  cachedProgram,
  containerdDefaults,
  fieldsOf,
  flagsOf,
  type Help,
  hasTypes,
  versionOf,
} from './help.ts'
import { moreReasons } from './more-reasons.ts'
import { importsOf, type Reason, reasonFor, reasonsOfSteps } from './reasons.ts'
import { type Section, type Setting, settingsOf } from './settings.ts'

/** A flag or field that we set, with all that is known of it. */
export interface FlagEntry {
  name: string
  value: string
  /** Why it is set, and so. */
  reason: string
  /** What the component says of it, shortened. */
  says?: string
  default?: string
  deprecated?: true
  on?: string
  only?: string
  differs?: true
}

/** The flags of a program, or the fields of a file. */
export interface FlagSection {
  source: string
  kind: Section['kind']
  step: string
  /** Why the file is there. */
  reason?: string
  /** Program that gave the defaults, with its version. */
  asked?: string
  settings: FlagEntry[]
}

/** Programs whose own words the reference shows. */
export const asked = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'kube-proxy',
  'containerd',
] as const

/** What to ask a program for; what it says depends on that. */
type Question = 'flags' | 'fields'

/** Files that the programs define, by their name. */
const definedBy: Record<string, (typeof asked)[number]> = {
  'etcd.yaml': 'etcd',
  'kubelet.yaml': 'kubelet',
  'kube-proxy.yaml': 'kube-proxy',
  'scheduler.yaml': 'kube-scheduler',
  'config.toml': 'containerd',
}

/**
 * Every flag and field that we set, without the words of the components.
 *
 * @throws when one has no reason, or a reason is for one that is not set
 */
export function flagsWithReasons(clusters: readonly BuiltCluster[]) {
  const all = reasonsOfSteps()
  const used = new Set<string>()
  const sections = settingsOf(clusters)
    .filter(({ settings }) => settings.length > 0)
    .map((section) => {
      const step = stepOf(section, clusters)
      const imported = importsOf(step)
      const file = basename(section.source)
      const reason = ['', '.yaml']
        .map((ending) =>
          reasonFor([basename(file, ending)], step, all, imported),
        )
        .find((text) => text !== '')
      const settings = section.settings.map((setting) =>
        entryOf(setting, section, { step, all, imported, used }),
      )
      return { section, step, reason, settings }
    })
  for (const [where, names] of Object.entries(moreReasons)) {
    for (const name of Object.keys(names)) {
      if (used.has(`${where} ${name}`)) continue
      throw new Error(`more-reasons.ts: ${where} has no ${name} any more`)
    }
  }
  return sections
}

function entryOf(
  setting: Setting,
  section: Section,
  from: {
    step: string
    all: readonly Reason[]
    imported: readonly string[]
    used: Set<string>
  },
): FlagEntry {
  const { keys, value, comment, on, only, differs } = setting
  const name = keys.join('.')
  const places = placesOf(section)
  for (const place of places) {
    if (moreReasons[place]?.[name]) from.used.add(`${place} ${name}`)
  }
  const [place] = places.filter((it) => moreReasons[it]?.[name])
  const beside = comment ?? reasonFor(keys, from.step, from.all, from.imported)
  const general = section.kind === 'unit' && place === 'unit'
  const more = place ? (moreReasons[place]?.[name] ?? '') : ''
  const reason = general ? beside || more : more || beside
  if (!reason) {
    throw new Error(
      `${places[0]} ${name}: say why, in a comment beside it in step ` +
        `${from.step}, or in more-reasons.ts`,
    )
  }
  return {
    ...{ name, value, reason },
    ...(on && { on }),
    ...(only && { only }),
    ...(differs && { differs }),
  }
}

function placesOf({ source, kind }: Section): string[] {
  const name = basename(source).replace(/.*, /, '')
  return kind === 'unit' ? [name, 'unit'] : [name]
}

function stepOf(
  { source, kind }: Section,
  clusters: readonly BuiltCluster[],
): string {
  const path =
    kind === 'flags' ? `/etc/systemd/system/${source}.service` : source
  const object = /^ConfigMap (\S+),/.exec(source)?.[1]
  for (const { steps } of clusters) {
    const found = steps.find(
      ({ paths, changes }) =>
        paths.has(path) ||
        (object &&
          changes.some(
            ({ on, text }) =>
              on === 'API' &&
              text.startsWith('apply ConfigMap') &&
              text.includes(object),
          )),
    )
    if (found) return found.number
  }
  throw new Error(`no step writes ${source}`)
}

/**
 * Every flag and field that we set, with what the components say of it.
 *
 * @throws when a component does not know one, or is not to be had here
 */
export async function flagsData(
  clusters: readonly BuiltCluster[],
): Promise<FlagSection[]> {
  const sections: FlagSection[] = []
  for (const one of flagsWithReasons(clusters)) {
    const { section, step, reason, settings } = one
    const program = programOf(section)
    const question = section.kind === 'flags' ? 'flags' : 'fields'
    const help = program && (await askProgram(program, question))
    sections.push({
      ...{ source: section.source, kind: section.kind, step },
      ...(reason && { reason }),
      ...(program && { asked: `${program} ${versionOf(program)}` }),
      settings: help
        ? settings.map((entry) => withWords(entry, { ...section, help }))
        : settings,
    })
  }
  return sections
}

/**
 * A flag or field with what its component says of it.
 *
 * @throws when the component does not know it
 */
export function withWords(
  entry: FlagEntry,
  { help, ...section }: Pick<Section, 'kind' | 'source'> & { help: Help },
): FlagEntry {
  const said = saidOf(help, entry.name, section)
  if (!said) {
    const program = programOf(section)
    throw new Error(`${program} does not know ${entry.name} any more`)
  }
  return {
    ...entry,
    ...(said.text && { says: said.text }),
    ...(said.default !== undefined && { default: said.default }),
    ...(said.deprecated && { deprecated: true as const }),
  }
}

/** Flags and fields that a component wants to lose, with its own words. */
export function deprecatedIn(sections: readonly FlagSection[]): string[] {
  return sections.flatMap(({ source, settings }) =>
    settings
      .filter((one) => one.deprecated)
      .map(({ name, says }) => `${source}: ${name}: ${says}`),
  )
}

/** The program that defines the settings of a section. */
export function programOf(
  section: Pick<Section, 'kind' | 'source'>,
): (typeof asked)[number] | undefined {
  if (section.kind === 'unit') return undefined
  return section.kind === 'flags'
    ? asked.find((program) => program === section.source)
    : definedBy[basename(section.source)]
}

/** Whether everything can be asked here that the reference is made from. */
export function missingHere(): string[] {
  const programs = asked.filter((program) => !cachedProgram(program))
  const types = ['kubelet', 'kube-proxy', 'kube-scheduler'].filter(
    (program) => !hasTypes(program),
  )
  return [
    ...programs.map((name) => `${componentOf(name)}: ${name} in the cache`),
    ...types.map((name) => `the Go module that defines the file of ${name}`),
  ]
}

const answers = new Map<string, Promise<Help>>()

function askProgram(program: string, question: Question): Promise<Help> {
  const key = `${program} ${question}`
  const asking = answers.get(key) ?? ask(program, question)
  answers.set(key, asking)
  return asking
}

function ask(program: string, question: Question): Promise<Help> {
  // The file of etcd has its flags, and that of containerd shows its defaults.
  if (question === 'flags' || program === 'etcd') return flagsOf(program)
  return program === 'containerd' ? containerdDefaults() : fieldsOf(program)
}

function saidOf(
  help: Help,
  name: string,
  { kind, source }: Pick<Section, 'kind' | 'source'>,
) {
  const found = help.get(name)
  if (found || kind === 'flags') return found
  if (basename(source) === 'etcd.yaml') {
    // Two groups of the file are flags without and with a prefix.
    const flag = name
      .replace(/^client-transport-security\./, '')
      .replace(/^peer-transport-security\./, 'peer-')
    return help.get(flag)
  }
  // What is in a map of free names is described at the map.
  const [map = ''] = name.split('.')
  const said = help.get(map)
  return said?.isMap ? said : undefined
}
