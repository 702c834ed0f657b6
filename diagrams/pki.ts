import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import ts from 'typescript'
import type { Identity } from '../lib/pki.ts'
import { stepFiles, stepsFolder } from '../lib/steps.ts'
import { cluster } from './facts.ts'

interface Authority {
  name: string
  commonName: string
  days: number
}

interface Certificate extends Identity {
  /** `FOLDER/NAME` in the state folder; the authority is FOLDER. */
  name: string
  authority: string
  days: number
}

/**
 * What step 03 makes. Its own code says so: it is run with lists in place of
 * the operator.
 */
export const { authorities, certificates, keyPairs } = await issued()

/**
 * Whom a certificate speaks for, line by line, for a box of a diagram.
 *
 * @param name `FOLDER/NAME`
 * @throws Error when step 03 makes no such certificate
 * @example
 * subjectOf('cluster/admin') // ['CN kubernetes-admin', 'O cluster-admins']
 */
export function subjectOf(name: string): string[] {
  const found = certificates.find((certificate) => certificate.name === name)
  if (!found) throw new Error(`step 03 makes no certificate ${name}`)
  const { commonName, organizations = [] } = found
  return [`CN ${commonName}`, ...organizations.map((group) => `O ${group}`)]
}

/** Steps that put a key on machines, and on which: `every control plane`. */
export interface Holder {
  step: string
  machines: string
}

/**
 * Where the key of a certificate, or a pair of keys, is put. Read off the
 * steps; empty for what stays with the operator.
 *
 * @param name `FOLDER/NAME`, or `service-account`
 */
export function holdersOf(name: string): Holder[] {
  const [, person = ''] = /^cluster\/(.*)/.exec(name) ?? []
  const mentions = [name, `pki/${name}.key`, `kubeconfig/${person}.yaml`]
  return placed.filter(({ names }) =>
    mentions.some((mention) => names.some((pattern) => pattern.test(mention))),
  )
}

const placed = stepFiles()
  .filter(({ number }) => number > '04')
  .map(({ number, file }) => {
    const text = readFileSync(file, 'utf8')
    const [, machines = ''] = /Runs on: (every [\w ]+?) ·/.exec(text) ?? []
    return { step: number, machines, names: namesIn(beforeChecks(text)) }
  })
  .filter(({ machines }) => machines !== '')

/** Names in `operator.pair('…')` and its like; `${…}` stands for anything. */
function namesIn(text: string): RegExp[] {
  const calls = /operator\.(?:pair|tls|read)\(\s*(?:'[^']*',\s*)?['`]([^'`]*)/g
  return [...text.matchAll(calls)].map(([, name = '']) => {
    const pattern = name
      .replaceAll('.', '\\.')
      .replaceAll(/\$\{[^}]*\}/g, '[^/]+')
    return new RegExp(`^${pattern}$`)
  })
}

/** Without the part that proves: it tries keys where they must not work. */
function beforeChecks(text: string): string {
  return text.slice(0, text.indexOf('// #region verify'))
}

async function issued() {
  const authorities: Authority[] = []
  const certificates: Certificate[] = []
  const keyPairs: string[] = []
  const operator = {
    authority: (name: string, wanted: Omit<Authority, 'name'>) =>
      authorities.push({ name, ...wanted }),
    certificate: (name: string, wanted: Identity & { days: number }) => {
      const [authority = ''] = name.split('/')
      certificates.push({ name, authority, ...wanted })
    },
    keyPair: (name: string) => keyPairs.push(name),
  }
  const on = (_: unknown, block: () => unknown) => block()
  const nothing = () => undefined
  const step = () => ({ cluster, operator, on, verify: nothing, undo: nothing })
  await runStep(join(stepsFolder, '03-certificates.ts'), { step })
  return { authorities, certificates, keyPairs }
}

/** Runs a step with this in place of `lib/step.ts`. */
async function runStep(file: string, replaced: Record<string, unknown>) {
  const load = (name: string) => {
    if (name.endsWith('/lib/step.ts')) return replaced
    if (!name.startsWith('.')) return import(/* @vite-ignore */ name)
    const { href } = pathToFileURL(resolve(stepsFolder, name))
    return import(/* @vite-ignore */ href)
  }
  const code = ts
    .transpile(readFileSync(file, 'utf8'), {
      target: ts.ScriptTarget.ESNext,
      module: ts.ModuleKind.ESNext,
    })
    // A function may hold neither of these two.
    .replaceAll('import.meta', '{}')
    .replaceAll(
      /^import (?:\{(.*?)\}|(\w+)) from ['"](.*?)['"]/gm,
      (_, names: string | undefined, whole, from) => {
        const wanted = names?.replaceAll(' as ', ': ') ?? `default: ${whole}`
        return `const { ${wanted} } = await load('${from}')`
      },
    )
  const AsyncFunction = (async () => {}).constructor as FunctionConstructor
  await AsyncFunction('load', code)(load)
}
