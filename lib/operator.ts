import { dirname } from 'node:path'
import type { MachineEntry } from './cluster.ts'
import { GuideError } from './errors.ts'
import { fileDiff, type Journal } from './journal.ts'
import { fetchCommand, kept } from './kept.ts'
import {
  createAuthority,
  createKeyPair,
  describe,
  type Identity,
  issue,
  type Mistake,
  mistakesOf,
  mistakesOfAuthority,
  type Pair,
  publicKeyOf,
} from './pki.ts'
import type { State } from './state.ts'

/**
 * The computer that the steps are run on, and the cluster's state folder
 * there. Its verbs are those of a machine: what is there and right stays.
 *
 * What a second one cannot stand in for is made while its step has never been
 * applied, and not again: a part that is missing later is an error, and what
 * is left of it stays as it is.
 */
export class Operator {
  readonly name = 'operator'
  /** True under `--plan`: nothing may be changed. */
  readonly planning: boolean
  /** What the current block did here. */
  journal: Journal
  readonly #state: State
  readonly #undoing: boolean
  readonly #controlPlane: MachineEntry | undefined

  /**
   * @param options.undoing what is missing is no error: an undo has to work
   * without it
   * @param options.controlPlane has copies of some files; errors tell how to
   * fetch them
   */
  constructor(
    state: State,
    options: {
      planning: boolean
      journal: Journal
      undoing?: boolean
      controlPlane?: MachineEntry | undefined
    },
  ) {
    this.#state = state
    this.planning = options.planning
    this.journal = options.journal
    this.#undoing = options.undoing ?? false
    this.#controlPlane = options.controlPlane
  }

  /**
   * Makes a certificate authority, once. Neither its certificate nor its key
   * is ever replaced: everything that it signed would be worthless. Its key
   * may be kept elsewhere while it has nothing to sign.
   *
   * @param name folder of the authority below `pki/`; it signs all that is in
   * there
   * @throws {GuideError} when the one that is there has expired, or when it
   * was made before and is missing
   */
  async authority(
    name: string,
    wanted: { commonName: string; days: number },
  ): Promise<void> {
    this.journal.looked++
    const file = `pki/${name}/ca`
    const certificate = this.#state.read(`${file}.crt`)
    const key = this.#state.read(`${file}.key`) || undefined
    if (!certificate) {
      if (this.#wasMade(file)) {
        throw this.#missing(key ? [`${file}.crt`] : parts(file))
      }
      // A run that was cut short may have left the key.
      return this.#keep(file, () => createAuthority({ ...wanted, key }))
    }
    const all = { ...wanted, soonDays: 0 }
    const mistakes = mistakesOfAuthority({ certificate, key }, all)
    if (mistakes.length === 0) return
    throw this.#unusable(file, mistakes, [
      'put the folder back from your backup',
      'or undo everything with --cascade --forget and begin again',
    ])
  }

  /**
   * Has a certificate that says exactly this, signed by the authority of its
   * folder. It is issued again when it or its key is missing, when it says
   * something else, or ends soon.
   *
   * @param name `FOLDER/NAME`
   * @throws {GuideError} when what is there was signed by somebody else, or
   * when the key that has to sign is not there
   */
  async certificate(
    name: string,
    wanted: Identity & { days: number },
  ): Promise<void> {
    this.journal.looked++
    const file = `pki/${name}`
    const issueAgain = (because: string) => {
      const authority = this.#signerOf(file, because)
      return this.#keep(file, () => issue({ ...wanted, authority }))
    }
    const pair = this.#find(file)
    if (!pair) return issueAgain('that one is not there')
    const authority = this.read(`${authorityOf(file)}.crt`)
    const mistakes = mistakesOf(pair, { authority, wanted })
    if (mistakes.length === 0) return
    if (!mistakes.some(({ kind }) => kind === 'other-authority')) {
      return issueAgain(reasons(mistakes))
    }
    throw this.#unusable(file, mistakes, [
      'move it away if it is not yours to lose, then run this again',
    ])
  }

  /**
   * Makes a pair of keys without a certificate, once. A public half that is
   * missing is worked out of the private one.
   *
   * @throws {GuideError} when the private half was made before and is missing
   */
  async keyPair(name: string): Promise<void> {
    this.journal.looked++
    const file = `pki/${name}`
    const key = this.#state.read(`${file}.key`)
    const isPublicThere = Boolean(this.#state.read(`${file}.pub`))
    if (key && isPublicThere) return
    if (!key && (isPublicThere || this.#wasMade(file))) {
      throw this.#missing([`${file}.key`])
    }
    this.#change(key ? `${file}.pub` : `${file}.key`)
    if (this.planning) return
    const privateKey = key ?? (await createKeyPair()).privateKey
    if (!key) this.#state.write(`${file}.key`, privateKey)
    this.#state.write(`${file}.pub`, publicKeyOf(privateKey))
  }

  /**
   * Keeps a secret that is made by chance, once.
   *
   * @throws {GuideError} when it was made before and is missing
   */
  secret(name: string, make: () => string): void {
    this.journal.looked++
    if (this.#state.read(name)) return
    if (this.#wasMade(name)) throw this.#missing([name])
    this.#change(name)
    if (!this.planning) this.#state.write(name, make())
  }

  /** Writes a file into the state folder. */
  file(name: string, content: string): void {
    this.journal.looked++
    if (this.#state.read(name) === content) return
    const owner = 'you'
    const before = this.#state.read(name)
    this.#change(
      name,
      fileDiff(
        this.path(name),
        before === undefined ? before : { content: before, mode: 0o600, owner },
        { content, mode: 0o600, owner },
      ),
    )
    if (!this.planning) this.#state.write(name, content)
  }

  /** Removes files from the state folder. */
  remove(...names: string[]): void {
    for (const name of names) this.#state.remove(name)
    this.#change(`removed ${names.join(', ')}`)
  }

  /**
   * Text of a file in the state folder.
   *
   * @throws {GuideError} when it is not there
   */
  read(name: string): string {
    const content = this.#state.read(name)
    if (content) return content
    const maker = makerOf(name)
    if (this.planning || this.#undoing) {
      return `(unknown until ${maker} has run)\n`
    }
    if (kept[name] && this.#wasMade(name)) throw this.#missing([name])
    throw new GuideError(`${this.path(name)} is missing`, [
      `step ${maker} makes it: npm run steps -- --from ${maker} --to ${maker}`,
    ])
  }

  /**
   * A certificate with its key.
   *
   * @param name `FOLDER/NAME` below `pki/`
   * @throws {GuideError} when it is missing, expired or of another authority
   */
  pair(name: string): Pair {
    const file = `pki/${name}`
    const certificate = this.read(`${file}.crt`)
    const pair = { certificate, key: this.read(`${file}.key`) }
    // Under --plan it may be unknown yet.
    if (!certificate.includes('BEGIN')) return pair
    const authority = this.read(`pki/${dirname(name)}/ca.crt`)
    // Of what it says of itself everything is wanted; the rest is looked at.
    const wanted = describe(certificate) as Identity
    const mistakes = mistakesOf(pair, { authority, wanted, soonDays: 0 })
    if (mistakes.length === 0) return pair
    throw this.#unusable(file, mistakes, [
      'step 03 issues what has expired again: ' +
        'npm run steps -- --from 03 --to 03',
    ])
  }

  /**
   * A certificate and its key as two files, `NAME.crt` and `NAME.key`.
   *
   * @param name what the files are called
   * @param pair as for `pair()`, which also says what is thrown
   */
  tls(name: string, pair: string): Record<string, string> {
    const { certificate, key } = this.pair(pair)
    return { [`${name}.crt`]: certificate, [`${name}.key`]: key }
  }

  /** Absolute path of a file in the state folder. */
  path(name: string): string {
    return `${this.#state.directory}/${name}`
  }

  #signerOf(file: string, because: string): Pair {
    const [certificate, key] = parts(authorityOf(file))
    if (this.#state.read(certificate) && !this.#state.read(key)) {
      throw this.#missing([key], `it has to sign ${file}.crt: ${because}`)
    }
    return { certificate: this.read(certificate), key: this.read(key) }
  }

  #wasMade(name: string): boolean {
    return this.#state.steps()[makerOf(name)]?.status === 'applied'
  }

  #missing(names: readonly string[], neededFor?: string): GuideError {
    const maker = makerOf(names[0] ?? '')
    const made = `step ${maker} made ${names.length > 1 ? 'both' : 'it'} once`
    const [loses] = names.flatMap((name) => kept[name]?.loses ?? [])
    const verb = names.length > 1 ? 'are' : 'is'
    const missing = names.map((name) => this.path(name)).join(' and ')
    const because = [neededFor, made, loses].filter(Boolean).join('\n  ')
    const { directory } = this.#state
    return new GuideError(`${missing} ${verb} missing\n  ${because}`, [
      `put back what is missing from a backup of ${directory}, or from where ` +
        'you keep it',
      ...names.flatMap((name) => this.#wayToCopy(name)),
      'if everything in the cluster may be lost, begin again: ' +
        `npm run steps -- --undo --from ${maker} --cascade --forget`,
    ])
  }

  #wayToCopy(name: string): string[] {
    const copy = kept[name]?.copy
    const machine = this.#controlPlane
    if (!machine || !copy || !this.#state.steps()[copy.step]) return []
    const { directory } = this.#state
    const local = this.path(name)
    return [
      `or fetch the copy that ${machine.name} has as ${copy.path}: ` +
        fetchCommand(machine, directory, copy.path, local),
    ]
  }

  #unusable(file: string, mistakes: Mistake[], next: string[]): GuideError {
    const path = `${this.path(file)}.crt`
    return new GuideError(
      `The certificate ${path} cannot be used: ${reasons(mistakes)}`,
      next,
    )
  }

  #find(name: string): Pair | undefined {
    const certificate = this.#state.read(`${name}.crt`)
    const key = this.#state.read(`${name}.key`)
    return certificate && key ? { certificate, key } : undefined
  }

  async #keep(name: string, make: () => Promise<Pair>): Promise<void> {
    this.#change(`${name}.crt`)
    if (this.planning) return
    const pair = await make()
    // The key first: from a key the rest can be made, and not from the rest.
    this.#state.write(`${name}.key`, pair.key)
    this.#state.write(`${name}.crt`, pair.certificate)
  }

  #change(what: string, details: readonly string[] = [what]): void {
    this.journal.changes.push(what)
    this.journal.details.push(...details)
  }
}

function makerOf(name: string): string {
  return name.startsWith('pki/') ? '03' : '04'
}

function parts(file: string): [certificate: string, key: string] {
  return [`${file}.crt`, `${file}.key`]
}

function authorityOf(file: string): string {
  return `${dirname(file)}/ca`
}

function reasons(mistakes: readonly Mistake[]): string {
  return mistakes.map(({ message }) => message).join(', ')
}
