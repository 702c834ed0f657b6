// What an end-to-end test does is what a reader does: run the commands.

import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { parse } from 'yaml'
import { refuseSecrets, secretWords } from '../../commands/docs/secrets.ts'
import { yaml } from '../../lib/yaml.ts'

const root = join(import.meta.dirname, '..', '..')

/** A cluster file, as far as tests change it. */
export interface ClusterText {
  name: string
  machines: { name: string; address: string; roles: string[] }[]
  [field: string]: unknown
}

/** A cluster under test, and the commands of the guide on it. */
export class Guide {
  readonly file: string
  readonly directory: string
  readonly #network: number
  readonly #printed: { command: string; text: string }[] = []
  readonly #secrets = new Set<string>()

  /**
   * @param name of the cluster; its lab and its state are the test's own
   * @param base the file that ships, whose networks are moved aside
   * @param network second number of the ranges, so that a reader's own lab
   * may run meanwhile
   */
  constructor(name: string, base: string, network: number) {
    const folder = join(process.env.KFS_E2E_FOLDER ?? '/tmp/kfs-e2e', name)
    mkdirSync(folder, { recursive: true })
    this.file = join(folder, 'cluster.yaml')
    this.#network = network
    this.directory = join(
      process.env.XDG_STATE_HOME ??
        join(String(process.env.HOME), '.local/state'),
      'kubernetes-from-scratch',
      name,
    )
    const text = readFileSync(join(root, base), 'utf8')
    writeFileSync(
      this.file,
      this.moved(text).replace(/^name: .*/m, `name: ${name}`),
    )
  }

  /** Text of ours with the addresses that this cluster has instead. */
  moved(text: string): string {
    return text
      .replaceAll(/\b10\.10\.[01]\./g, `10.${this.#network}.0.`)
      .replaceAll(/\b10\.2[01]\./g, `10.${this.#network + 1}.`)
      .replaceAll(/\b10\.3[01]\./g, `10.${this.#network + 2}.`)
      .replaceAll('203.0.113.', '198.51.100.')
  }

  /** Text of the cluster file. */
  read(): string {
    return readFileSync(this.file, 'utf8')
  }

  /** Replaces the cluster file. */
  write(text: string): void {
    writeFileSync(this.file, text)
  }

  /** Rewrites the cluster file. */
  edit(change: (cluster: ClusterText) => void): void {
    const cluster = parse(this.read()) as ClusterText
    change(cluster)
    this.write(yaml(cluster))
  }

  /** `npm run NAME -- …`; fails the test unless it ends with 0. */
  async npm(name: string, ...args: string[]): Promise<string> {
    const result = await this.tryNpm(name, ...args)
    if (result.exitCode === 0) return result.stdout
    throw new Error(
      `npm run ${name} ${args.join(' ')} ended with ${result.exitCode}\n` +
        result.all,
    )
  }

  /** The same, for a command that may or should fail. */
  tryNpm(name: string, ...args: string[]) {
    return this.#run('npm', ['run', '--silent', name, '--', ...args])
  }

  /** `npx zx steps/NN-name.ts …`, as the pages say. */
  step(name: string, ...args: string[]) {
    return this.#run('npx', ['zx', `steps/${name}.ts`, ...args])
  }

  /** Runs all steps without their checks; fails if one changed anything. */
  async stepsChangeNothing(): Promise<void> {
    const said = await this.npm('steps', '--no-verify')
    assert.match(said, /^\d+ steps .*no changes$/m)
  }

  /** A step whose process is killed when it has made so many changes. */
  killedStep(name: string, changes: number) {
    const killer = './test/e2e/faults/stop-after.ts'
    const env = { STOP_AFTER: String(changes) }
    const words = ['--import', killer, `steps/${name}.ts`]
    return this.#run(process.execPath, words, env)
  }

  async kubectl(...args: string[]): Promise<string> {
    return this.npm('kubectl', ...args)
  }

  /** Runs bash as root on a machine of the lab. */
  async on(machine: string, script: string): Promise<string> {
    return this.npm('lab', 'ssh', machine, script)
  }

  /** Keeps what something printed, for {@link refuseSecrets} to look at. */
  keep(command: string, text: string): void {
    this.#printed.push({ command, text })
    // What is secret now may be gone when it is looked for.
    for (const word of secretWords(this.directory)) this.#secrets.add(word)
  }

  /**
   * Looks for keys and tokens in all that was printed up to now.
   *
   * @returns how many outputs there were, and how many secrets to look for
   * @throws {GuideError} with the command that printed one
   */
  refuseSecrets(): { outputs: number; secrets: number } {
    for (const { command, text } of this.#printed) {
      refuseSecrets(command, text, this.#secrets)
    }
    const outputs = this.#printed.length
    return { outputs, secrets: this.#secrets.size }
  }

  async #run(
    program: string,
    words: string[],
    env: Record<string, string> = {},
  ) {
    const result = await execa(program, words, {
      cwd: root,
      env: { CLUSTER: this.file, ...env },
      stdin: 'ignore',
      reject: false,
      all: true,
    })
    this.keep(`${program} ${words.join(' ')}`, result.all)
    return result
  }
}
