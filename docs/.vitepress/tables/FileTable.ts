import { leftByPrograms } from '../data/left-by-programs.ts'
import { code, plain, table } from '../data/markdown.ts'
import { reference, step } from '../data/reference.ts'

/**
 * Files and folders, in the order of their paths.
 *
 * @param attributes `part`: `state`, `users`, `programs`, or a folder such as
 * `/etc` of the machines
 */
export function FileTable({ part }: { part: string }): string {
  const { machines, state, users } = reference('files')
  if (part === 'state') {
    return table(
      ['File', 'What it is', 'Step'],
      state.map((file) => [
        code(file.path),
        mark(file.what, file.secret),
        step(file.step),
      ]),
    )
  }
  if (part === 'users') {
    return table(
      ['User', 'On', 'Runs'],
      users.map(({ name, on, runs }) => [
        code(name),
        on,
        runs.map(code).join(' '),
      ]),
    )
  }
  if (part === 'programs') {
    return table(
      ['Path', 'Left by', 'What it is', 'Removed by'],
      leftByPrograms.map((one) => [
        code(one.path),
        code(one.program),
        plain(one.what),
        plain(one.removed).replace(/\b(\d\d)\b/, (number) => step(number)),
      ]),
    )
  }
  const below = machines.filter(({ path }) => path.startsWith(`${part}/`))
  if (below.length === 0) throw new Error(`no step writes below ${part}`)
  return table(
    ['Path', 'Step', 'Owner, mode, machines'],
    below.map((file) => [
      [
        code(file.kind === 'folder' ? `${file.path}/` : file.path),
        ...(file.what ? [mark(file.what, file.secret, file.temporary)] : []),
      ].join('<br>'),
      file.path.endsWith('/PROGRAM') ? 'each' : step(file.step),
      [
        file.kind === 'link' ? 'a link' : `${code(file.owner)} ${file.mode}`,
        file.only ? `${file.on}, ${only[file.only]}` : file.on,
      ].join('<br>'),
    ]),
  )
}

const only: Record<string, string> = {
  'not in containers': 'unless it is a container',
  containers: 'if it is a container',
}

function mark(what: string, secret?: boolean, temporary?: boolean): string {
  const marks = [
    ...(secret ? ['**secret**'] : []),
    ...(temporary ? ['gone when the step ends'] : []),
  ]
  return [plain(what), ...marks].join(' · ')
}
