import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { cacheDirectory } from '../../lib/paths.ts'
import type { Said, Typed } from './commands.ts'

export const repository = resolve(import.meta.dirname, '..', '..')

/** Types commands as a reader does, in the repository. */
export interface Typist {
  /** @param file path of a program, from the repository */
  type(
    file: string,
    argv: readonly string[],
    env?: Readonly<Record<string, string>>,
  ): Promise<Said>
  /** Everything that commands have written anywhere. */
  written(): string[]
  close(): void
}

export function openTypist(): Typist {
  const folder = mkdtempSync(join(tmpdir(), 'kfs-typed-'))
  const compileCache =
    process.env.NODE_COMPILE_CACHE ?? join(cacheDirectory(), 'compile-cache')
  const { NODE_OPTIONS: _, ...inherited } = process.env
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'commands.ts')],
    {
      cwd: repository,
      env: { ...inherited, NODE_COMPILE_CACHE: compileCache },
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  )
  const waiting: ((said: Said) => void)[] = []
  createInterface({ input: child.stdout }).on('line', (line) =>
    waiting.shift()?.(JSON.parse(line)),
  )
  child.on('exit', (code) => {
    for (const done of waiting) {
      done({ code: 99, output: `the typist ended with ${code}` })
    }
  })
  return {
    type(file, argv, env = {}) {
      const typed: Typed = {
        file: join(repository, file),
        argv: [...argv],
        env: {
          ...{ CLUSTER: '', INIT_CWD: '', npm_lifecycle_event: '' },
          XDG_STATE_HOME: join(folder, 'state'),
          XDG_CACHE_HOME: join(folder, 'cache'),
          ...env,
        },
      }
      child.stdin.write(`${JSON.stringify(typed)}\n`)
      return new Promise((done) => waiting.push(done))
    },
    written: () =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort(),
    close() {
      child.stdin.end()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** What was said, without places of this computer, and the usage by name. */
export function masked(output: string): string {
  return output
    .replaceAll(repository, 'HERE')
    .replaceAll(/\S*\/kfs-typed-\w+/g, 'HOME')
    .replace(/^usage: [\s\S]*?\n(?= {2}→|(?![\s\S]))/m, '(the usage)\n')
    .trimEnd()
}
