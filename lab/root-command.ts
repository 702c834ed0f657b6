import { execa } from 'execa'
import { GuideError } from '../lib/errors.ts'
import { quote, type Script } from '../lib/shell.ts'
import { createCgroup } from './cgroup.ts'

/**
 * Runs a piece of shell on this host; the first command that fails ends it.
 *
 * @param what completes "could not …" in the error
 * @param cgroup joined first, so that it can be found when we are killed
 * @returns what it printed
 * @throws {GuideError} with the end of stderr
 * @example
 * await shell('make the bridge', sh`ip link add ${name} type bridge`)
 */
export async function shell(
  what: string,
  script: Script,
  cgroup?: string,
): Promise<string> {
  const folders = cgroup ? await createCgroup(cgroup) : []
  const { exitCode, stdout, stderr } = await execa(
    'sh',
    ['-euc', joinCgroup(folders, script)],
    { reject: false, stdin: 'ignore', env: { PATH: adminPath() } },
  )
  if (exitCode === 0) return stdout
  throw new GuideError(`The lab could not ${what}\n  ${tail(stderr)}`)
}

/** Shell that joins a cgroup before it does anything else. */
export function joinCgroup(folders: readonly string[], script: Script): string {
  const join = folders.map((it) => `echo $$ > ${quote(it)}/cgroup.procs`)
  return [...join, script.script].join('\n')
}

/** An ordinary user's PATH lacks the folders of the tools used here. */
export function adminPath(): string {
  return `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`
}

/** The last lines of a log, indented for an error message. */
export function tail(text: string, lines = 12): string {
  return text.trimEnd().split('\n').slice(-lines).join('\n  ')
}
