import { posix } from 'node:path'
import { CommandError } from './errors.ts'
import { quote, type Script, sh } from './shell.ts'
import { spending } from './time-spent.ts'
import type { Transport } from './transport.ts'

/** A file as it should be, or as it was found. */
export interface FileState {
  content: string
  /** Permission bits, such as `0o644`. */
  mode: number
  /** `user:group`. */
  owner: string
}

/**
 * The few things that are ever done to a machine. Each looks before it
 * changes, and says whether it changed anything. Verbs that a step uses are
 * made of these, and a test may put a model in their place.
 */
export interface Host {
  /**
   * Runs a script that only reads. Returns what it printed.
   *
   * @param next what to look at if it fails
   */
  read(script: Script, next?: readonly string[]): Promise<string>
  /** Runs `change` unless `check` succeeds. */
  ensure(check: Script, change: Script): Promise<boolean>
  /** Tells whether `check` succeeds. */
  holds(check: Script): Promise<boolean>
  /** Writes a file, unless it is there with this content, mode and owner. */
  write(path: string, file: FileState): Promise<boolean>
  /** What is at a path now, or undefined. */
  look(path: string): Promise<FileState | undefined>
  /** Removes files and folders with all they hold. */
  remove(paths: readonly string[]): Promise<boolean>
  /** Copies a file of the operator to the machine. */
  upload(file: string, remote: string): Promise<void>
  /** Has the disk take all that was written: a power cut now loses nothing. */
  flush(): Promise<void>
  /** A script as a command that a reader can paste. */
  paste(script: Script): Promise<string>
}

/**
 * A {@link Host} that is a real machine.
 *
 * @param name of the machine, in errors
 * @example
 * const host = hostOver('cp-1', await openSsh(entry, directory, notice))
 */
export function hostOver(name: string, transport: Transport): Host {
  const run = async (
    { script }: Script,
    shown = script,
    next: readonly string[] = [],
  ) => {
    const outcome = await spending('machines', transport.run(script))
    if (outcome.code === 0) return outcome.stdout
    const { code, stderr } = outcome
    const paste = transport.paste(shown)
    throw new CommandError({ machine: name, paste, code, stderr }, next)
  }
  const changes = async (script: Script, shown?: string) =>
    (await run(script, shown)).endsWith('changed\n')

  return {
    read: async (script, next) =>
      (await run(script, undefined, next)).trimEnd(),
    holds: async ({ script }) =>
      (await spending('machines', transport.run(script))).code === 0,
    ensure: (check, change) => changes(ensureScript(check, change)),
    write: (path, file) => {
      // The content may be a key, and an error ends up in a log.
      const shown = writeScript(path, { ...file, content: '…' })
      return changes(writeScript(path, file), shown.script)
    },
    look: async (path) => parseLook(await run(lookScript(path))),
    remove: (paths) => changes(removeScript(paths)),
    upload: (file, remote) =>
      spending('transfer', transport.upload(file, remote)),
    flush: async () => {
      await run(sh`sync --file-system /etc /opt /usr /var`)
    },
    paste: async ({ script }) => transport.paste(script),
  }
}

// A check inside `if` would run without `set -e`: only its last line would
// count. So it runs in a subshell of its own, and its exit code is kept.
function ensureScript(check: Script, change: Script): Script {
  return {
    script: `set +e
( set -e
${check.script}
) >/dev/null 2>&1
found=$?
set -e
[ "$found" != 0 ] || exit 0
( ${change.script}
) >&2
echo changed`,
  }
}

// Written beside the target and renamed, so that a reader of the file, or a
// power cut, sees either the old one or the new one. A file system may keep
// the new name and lose the content, which is why that goes to the disk first.
//
// There are many files, and to start a program is most of the work. Those that
// are as they should be cost one, the others three more. The shell cannot keep
// a NUL: a file with one differs in size.
function writeScript(path: string, file: FileState): Script {
  const mode = file.mode.toString(8)
  const size = Buffer.byteLength(file.content)
  const wanted = `${mode} ${file.owner} ${size}`
  const [user = '', group = ''] = file.owner.split(':')
  const folder = posix.dirname(path)
  const found: Script = { script: '"${found[*]}"' }
  return sh`
    path=${path}
    content=${file.content}
    IFS=
    if [ -f "$path" ] && [ ! -L "$path" ] &&
      [ "$(stat -c '%a %U:%G %s' "$path")" = ${wanted} ] &&
      mapfile found < "$path" && [ ${found} = "$content" ]
    then exit 0; fi
    [ -d ${folder} ] || install -d -m 755 ${folder}
    printf %s "$content" | install -T -m ${mode} -o ${user} -g ${group} \
      /dev/stdin "$path.new"
    sync "$path.new"
    mv -fT "$path.new" "$path"
    echo changed`
}

function lookScript(path: string): Script {
  return sh`
    [ -f ${path} ] || exit 0
    stat -c '%a %U:%G' ${path}
    base64 -w0 ${path}`
}

function parseLook(output: string): FileState | undefined {
  const [head, body = ''] = output.split('\n')
  const [mode, owner] = (head ?? '').split(' ')
  if (!mode || !owner) return undefined
  const content = Buffer.from(body, 'base64').toString('utf8')
  return { content, mode: Number.parseInt(mode, 8), owner }
}

function removeScript(paths: readonly string[]): Script {
  const list = paths.map(quote).join(' ')
  const cutShort = paths.map((path) => quote(`${path}.new`)).join(' ')
  return {
    script: `found=
for path in ${list}; do
  if [ -e "$path" ] || [ -L "$path" ]; then
    rm -rf --one-file-system -- "$path"; found=yes
  fi
done
# Of writes that were cut short.
rm -f -- ${cutShort}
[ -z "$found" ] || echo changed`,
  }
}
