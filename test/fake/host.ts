import { readFileSync } from 'node:fs'
import { CommandError, GuideError } from '../../lib/errors.ts'
import type { Host } from '../../lib/host.ts'
import type { Script } from '../../lib/shell.ts'
import { settle } from './kubelet.ts'
import { scripts } from './scripts.ts'
import {
  exists,
  type FakeFile,
  type FakeMachine,
  remove,
  type World,
  writeFile,
} from './world.ts'

/**
 * A {@link Host} that is a model of a machine. Of scripts it knows those in
 * its table; any other is an error that shows it, so that nothing passes
 * because nobody looked.
 */
export function fakeHost(world: World, machine: FakeMachine): Host {
  const log = (text: string) => world.log(machine.name, text)

  function interpret({ script }: Script): string | false {
    world.reach()
    settle(world.state)
    for (const [pattern, answer] of scripts) {
      const holes = pattern(script)
      if (!holes) continue
      const run = (other: string) => interpret({ script: other })
      const said = answer({ world, machine, log, run }, ...holes)
      return typeof said === 'string' || said === false ? said : ''
    }
    throw new GuideError(
      'The fake machine does not know this script; those that it knows are ' +
        `in test/fake/scripts.ts:
${script}`,
    )
  }

  async function read(script: Script): Promise<string> {
    const answer = interpret(script)
    if (answer !== false) return answer
    throw new CommandError({
      ...{ machine: machine.name, paste: script.script },
      ...{ code: 1, stderr: 'the fake says no' },
    })
  }

  return {
    read,
    holds: async (check) => interpret(check) !== false,

    async ensure(check, change) {
      if (interpret(check) !== false) return false
      log(`$ ${change.script}`)
      await read(change)
      // What it was for is so now, or the model is wrong.
      if (change.script !== 'false' && check.script !== 'false') {
        if (interpret(check) !== false) return true
        throw new Error(`This changed nothing:\n${change.script}`)
      }
      return true
    },

    async write(path, { content, mode, owner }) {
      world.reach()
      const old = machine.files[path]
      const same =
        old?.content === content && old.mode === mode && old.owner === owner
      if (same) return false
      const [user = ''] = owner.split(':')
      if (!machine.users.includes(user)) throw new Error(`no user ${user}`)
      log(`write ${path}  ${mode.toString(8)} ${owner}\n${indent(content)}`)
      const beside = `${path}.new`
      world.change(
        (time) => {
          remove(machine, beside)
          writeFile(machine, path, { content, mode, owner, time })
        },
        (time) => writeFile(machine, beside, firstHalf(content, time)),
      )
      return true
    },

    async look(path) {
      world.reach()
      const file = machine.files[path]
      if (!file) return undefined
      const { content, mode, owner } = file
      return { content, mode, owner }
    },

    async remove(paths) {
      world.reach()
      const there = paths.filter((path) => exists(machine, path))
      if (there.length > 0) log(`remove ${there.join(' ')}`)
      for (const path of there) world.change(() => remove(machine, path))
      return there.length > 0
    },

    async upload(file, remote) {
      const content = readFileSync(file, 'utf8')
      world.change(
        (time) =>
          writeFile(machine, remote, {
            ...{ content, mode: 0o600, owner: 'root:root', time },
          }),
        (time) => writeFile(machine, remote, firstHalf(content, time)),
      )
    },

    paste: async ({ script }) => script,
    async flush() {
      world.reach()
      machine.flushed = world.state.time
    },
  }
}

// As the host leaves it when it is cut off: nobody's to read but root's.
function firstHalf(content: string, time: number): FakeFile {
  const half = content.slice(0, content.length / 2)
  return { content: half, mode: 0o600, owner: 'root:root', time }
}

function indent(text: string): string {
  return text.replace(/\n$/, '').replace(/^/gm, '  | ')
}
