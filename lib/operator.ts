import { dirname } from 'node:path'
import { GuideError } from './errors.ts'
import { fileDiff, type Journal } from './journal.ts'
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
} from './pki.ts'
import type { State } from './state.ts'

/**
 * The computer that the steps are run on, and the cluster's state folder
 * there. Its verbs are those of a machine: what is there and right stays.
 */
export class Operator {
  readonly name = 'operator'
  /** True under `--plan`: nothing may be changed. */
  readonly planning: boolean
  /** What the current block did here. */
  journal: Journal
  readonly #state: State

  constructor(state: State, options: { planning: boolean; journal: Journal }) {
    this.#state = state
    this.planning = options.planning
    this.journal = options.journal
  }

  /**
   * Makes a certificate authority, once. One that is there is never replaced:
   * everything that it signed would be worthless.
   *
   * @param name folder of the authority below `pki/`; it signs all that is in
   * there
   * @throws {GuideError} when the one that is there has expired
   */
  async authority(
    name: string,
    wanted: { commonName: string; days: number },
  ): Promise<void> {
    this.journal.looked++
    const file = `pki/${name}/ca`
    const pair = this.#find(file)
    if (!pair) return this.#keep(file, () => createAuthority(wanted))
    const mistakes = mistakesOfAuthority(pair, { ...wanted, soonDays: 0 })
    if (mistakes.length === 0) return
    throw this.#unusable(file, mistakes, [
      'put the folder back from your backup',
      'or undo everything with --cascade --forget and begin again',
    ])
  }

  /**
   * Has a certificate that says exactly this, signed by the authority of its
   * folder. It is issued again when it says something else or ends soon.
   *
   * @param name `FOLDER/NAME`
   * @throws {GuideError} when what is there was signed by somebody else
   */
  async certificate(
    name: string,
    wanted: Identity & { days: number },
  ): Promise<void> {
    this.journal.looked++
    const file = `pki/${name}`
    const make = async () =>
      issue({ ...wanted, authority: this.#authorityOf(name) })
    const pair = this.#find(file)
    if (!pair) return this.#keep(file, make)
    const authority = this.#authorityOf(name).certificate
    const mistakes = mistakesOf(pair, { authority, wanted })
    if (mistakes.length === 0) return
    if (!mistakes.some(({ kind }) => kind === 'other-authority')) {
      return this.#keep(file, make)
    }
    throw this.#unusable(file, mistakes, [
      'move it away if it is not yours to lose, then run this again',
    ])
  }

  /** Makes a pair of keys without a certificate, once. */
  async keyPair(name: string): Promise<void> {
    this.journal.looked++
    const file = `pki/${name}`
    if (this.#state.read(`${file}.key`)) return
    this.#change(`${file}.key`)
    if (this.planning) return
    const { privateKey, publicKey } = await createKeyPair()
    this.#state.write(`${file}.pub`, publicKey)
    this.#state.write(`${file}.key`, privateKey)
  }

  /** Keeps a secret that is made by chance, once. */
  secret(name: string, make: () => string): void {
    this.journal.looked++
    if (this.#state.read(name)) return
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
    if (content !== undefined) return content
    const maker = name.startsWith('pki/') ? '03' : '04'
    if (this.planning) return `(unknown until ${maker} has run)\n`
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

  #authorityOf(name: string): Pair {
    const file = `pki/${dirname(name)}/ca`
    return {
      certificate: this.read(`${file}.crt`),
      key: this.read(`${file}.key`),
    }
  }

  #unusable(file: string, mistakes: Mistake[], next: string[]): GuideError {
    const reasons = mistakes.map(({ message }) => message).join(', ')
    return new GuideError(
      `The certificate ${this.path(file)}.crt cannot be used: ${reasons}`,
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
    // The key last: a pair that was cut short is made anew.
    this.#state.write(`${name}.crt`, pair.certificate)
    this.#state.write(`${name}.key`, pair.key)
  }

  #change(what: string, details: readonly string[] = [what]): void {
    this.journal.changes.push(what)
    this.journal.details.push(...details)
  }
}
