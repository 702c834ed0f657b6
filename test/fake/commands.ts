// Runs commands and steps in this one process, each until it ends itself:
// what starting Node costs is paid once. Reads orders from its input, a line
// each, and writes what came of them.

import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { useFakes, World } from './install.ts'

/** One command, as somebody has typed it. */
export interface Typed {
  /** Absolute path of its program. */
  file: string
  argv: string[]
  env: Record<string, string>
}

/** What it said, wherever to, and its exit code. */
export interface Said {
  code: number
  output: string
}

class Exit extends Error {}

const tell = process.stdout.write.bind(process.stdout)
const own = { ...process.env }
let runs = 0

// No machine is ever reached: what is not refused ends in a fake.
useFakes(() => new World('/nonexistent'))

for await (const line of createInterface({ input: process.stdin })) {
  tell(`${JSON.stringify(await run(JSON.parse(line)))}\n`)
}

async function run({ file, argv, env }: Typed): Promise<Said> {
  process.env = { ...own, ...env }
  process.argv = [process.execPath, file, ...argv]
  process.exitCode = undefined
  let code: number | undefined
  let output = ''
  const write = (text: string) => {
    if (code === undefined) output += text
    return true
  }
  const print = (...words: unknown[]) => write(`${words.join(' ')}\n`)
  console.log = console.error = print
  process.stdout.write = process.stderr.write = write as typeof tell
  process.exit = (wanted) => {
    code ??= Number(wanted ?? process.exitCode ?? 0)
    throw new Exit()
  }
  try {
    await import(`${pathToFileURL(file)}?run=${++runs}`)
  } catch (error) {
    if (!(error instanceof Exit)) write(`escaped: ${(error as Error).stack}\n`)
  }
  const ended = code ?? Number(process.exitCode ?? 0)
  process.removeAllListeners('exit')
  process.removeAllListeners('beforeExit')
  process.exitCode = undefined
  return { code: ended, output }
}
