import { mkdir, readdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { ArtifactSource } from '../cluster-schema.ts'
import { GuideError } from '../errors.ts'
import type { Architecture, Artifact } from './artifact.ts'
import { build, recipeOf } from './build.ts'
import { drop, findCached } from './cache.ts'
import { type Catalogue, catalogue, entryOf, pinOf } from './catalogue.ts'
import { UnavailableError } from './errors.ts'
import { fetchFromMirror } from './mirror.ts'
import { exclusively } from './mutex.ts'
import { fileOf, type Order, type Source, wantedOf } from './order.ts'
import { atMost } from './parallel.ts'
import type { Report } from './progress.ts'
import { fetchReleases } from './release.ts'

/** Where artifacts may come from, and who is told. */
export interface ObtainOptions {
  /** Where to look, in order; default `download`, `cache`, `build`. */
  sources?: readonly ArtifactSource[]
  /** Base URL for the source `mirror`; see {@link fetchFromMirror}. */
  mirror?: string
  /** Told what happens; default nobody. */
  report?: Report
  signal?: AbortSignal
  /** How long to wait for servers; defaults see `download`. */
  patience?: Order['patience']
  /** Default the versions file of the guide. */
  catalogue?: Catalogue
}

const fillers: Record<Exclude<ArtifactSource, 'cache'>, Source> = {
  download: (order) => fetchReleases(order),
  mirror: fetchFromMirror,
  build,
}

// The compiler uses every core by itself.
const oneByOne = atMost(1)
const asTheyCome = atMost(100)

/**
 * Has some files of one version of one component in the cache; see
 * {@link obtain}.
 * @example
 * await gather('etcd', ['etcd', 'etcdctl'], '3.7.1', 'amd64', {})
 */
export async function gather(
  component: string,
  names: readonly string[],
  version: string,
  architecture: Architecture,
  options: ObtainOptions,
): Promise<Artifact[]> {
  const from = options.catalogue ?? catalogue()
  const order: Order = {
    ...{ component, names, version, architecture, catalogue: from },
    entry: entryOf(component, from),
    work: '',
    sources: options.sources ?? ['download', 'cache', 'build'],
    report: options.report ?? (() => undefined),
    signal: options.signal ?? never,
    patience: options.patience ?? {},
    ...(options.mirror && { mirror: options.mirror }),
  }
  const here = await lookFor(order)
  if (here.good.length === names.length) return here.good
  const folder = dirname(fileOf(order, names[0] ?? ''))
  const title = `${component} ${version} ${architecture}`
  const waiting = (holder: string) =>
    order.report({ kind: 'note', text: `${title}: waiting for ${holder}` })
  try {
    return await exclusively(
      join(folder, '.lock'),
      () => fill({ ...order, work: join(folder, '.work') }, folder, title),
      { waiting, signal: order.signal },
    )
  } catch (error) {
    throw diskError(error, folder) ?? error
  }
}

const never = new AbortController().signal

/** Asks one source after the other for what is missing. */
async function fill(
  order: Order,
  folder: string,
  title: string,
): Promise<Artifact[]> {
  const { names, sources, work, report, signal } = order
  signal.throwIfAborted()
  const { good, bad } = await lookFor(order)
  for (const { name, why } of bad) {
    report({ kind: 'note', text: `${why}: fetching it anew` })
    await drop(wantedOf(order, name), order.catalogue)
  }
  const have = new Map(good.map((one) => [one.name, one]))
  const missing = () => names.filter((name) => !have.has(name))
  const refusals: [string, UnavailableError][] = []
  // What a killed run left behind.
  await rm(work, { recursive: true, force: true })
  const fillable = sources.filter((one) => one !== 'cache')
  try {
    for (const source of fillable) {
      if (missing().length === 0) break
      await mkdir(work, { recursive: true })
      const turn = source === 'build' ? oneByOne : asTheyCome
      try {
        await turn(async () => {
          const start = performance.now()
          const made = await fillers[source]({ ...order, names: missing() })
          const seconds = (performance.now() - start) / 1000
          report({ kind: 'ready', text: readyText(title, made, seconds) })
        })
      } catch (error) {
        if (!(error instanceof UnavailableError)) throw error
        refusals.push([source, error])
        const text = `${title}: not by ${source}: ${error.message}`
        // After the last one it is the error that says so.
        if (source !== fillable.at(-1)) report({ kind: 'note', text })
      }
      // A source that failed in part may have brought some files.
      for (const one of (await lookFor(order)).good) {
        if (!have.has(one.name)) have.set(one.name, { ...one, source })
      }
    }
  } finally {
    await rm(work, { recursive: true, force: true })
  }
  if (missing().length) throw nowhere(title, missing(), sources, refusals)
  await removeBeginnings(folder)
  return names.flatMap((name) => have.get(name) ?? [])
}

interface Looks {
  good: Artifact[]
  bad: { name: string; why: string }[]
}

/** What of an order is in the cache, and what is there but unfit. */
async function lookFor(order: Order): Promise<Looks> {
  const { entry, names, version, architecture, sources } = order
  const recipe = sources.includes('build')
    ? await recipeOf(entry, version)
    : undefined
  const looks: Looks = { good: [], bad: [] }
  for (const name of names) {
    const pin = pinOf(entry.sha256, name, version, architecture)
    const demands = { ...(pin && { pin }), ...(recipe && { recipe }) }
    const wanted = wantedOf(order, name)
    const found = await findCached(wanted, demands, order.catalogue)
    if (typeof found !== 'string') looks.good.push(found)
    else if (found !== 'missing') looks.bad.push({ name, why: found })
  }
  return looks
}

/** Half a download is of no use once another source has filled the gap. */
async function removeBeginnings(folder: string): Promise<void> {
  for (const file of await readdir(folder)) {
    if (file.includes('.download')) await rm(join(folder, file))
  }
}

function readyText(title: string, made: Artifact[], seconds: number): string {
  const [one] = made
  const words = { download: 'downloaded', mirror: 'mirrored', build: 'built' }
  const how = one ? words[one.origin] : 'nothing'
  const names = made.map(({ name }) => name).join(', ')
  return `${title}: ${how} in ${seconds.toFixed(1)} s (${names})`
}

function nowhere(
  title: string,
  missing: readonly string[],
  sources: readonly ArtifactSource[],
  refusals: readonly [string, UnavailableError][],
): UnavailableError {
  const reasons = refusals.map(
    ([source, { message }]) => `\n  ${source}: ${message}`,
  )
  const files = missing.join(', ')
  const what = title.startsWith(`${files} `) ? title : `${files} of ${title}`
  const next = [...new Set(refusals.flatMap(([, failure]) => failure.next))]
  return new UnavailableError(
    `Cannot get ${what}; sources are ` +
      `${sources.join(', ')}${reasons.join('')}`,
    [
      ...next,
      ...(reasons.length ? [] : ['the cache does not have it: add a source']),
    ],
  )
}

function diskError(error: unknown, folder: string): GuideError | undefined {
  const { code = '', message } = error as NodeJS.ErrnoException
  if (!['ENOSPC', 'EDQUOT', 'EACCES', 'EPERM', 'EROFS'].includes(code)) return
  return new GuideError(
    `Cannot write to the cache ${folder}: ${message}`,
    ['make room or set rights there, or choose a folder with XDG_CACHE_HOME'],
    error,
  )
}
