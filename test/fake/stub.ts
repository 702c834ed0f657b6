import { CommandError } from '../../lib/errors.ts'
import type { Host } from '../../lib/host.ts'
import type { Script } from '../../lib/shell.ts'

/** What a script prints; a number is the exit code that it fails with. */
export type Reply = string | number | Promise<string | number>

/**
 * A host for tests of one module: it answers by what a script contains,
 * succeeds in silence otherwise, and writes down what it was asked.
 */
export function stubHost(answers: [RegExp, Reply | (() => Reply)][] = []) {
  const asked: string[] = []

  async function run({ script }: Script): Promise<string | number> {
    asked.push(script)
    const found = answers.find(([pattern]) => pattern.test(script))?.[1] ?? ''
    return typeof found === 'function' ? found() : found
  }

  const host: Host = {
    async read(script) {
      const answer = await run(script)
      if (typeof answer === 'string') return answer
      throw new CommandError({
        ...{ machine: 'cp-1', paste: script.script },
        ...{ code: answer, stderr: '' },
      })
    },
    holds: async (check) => typeof (await run(check)) === 'string',
    async ensure(check, change) {
      if (typeof (await run(check)) === 'string') return false
      await host.read(change)
      return true
    },
    async write(path) {
      asked.push(`write ${path}`)
      return true
    },
    look: async () => undefined,
    async remove(paths) {
      asked.push(`remove ${paths.join(' ')}`)
      return true
    },
    async upload(_, remote) {
      asked.push(`upload ${remote}`)
    },
    paste: async ({ script }) => script,
    async flush() {
      asked.push('flush')
    },
  }
  return { host, asked }
}
