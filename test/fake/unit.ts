/** What a unit file says will be run. */
export interface Command {
  /** Absolute path. */
  program: string
  user: string
  /** Files of the configuration that its arguments name. */
  paths: string[]
}

/** Reads what a unit runs, of all that a unit may say. */
export function commandOf(unit: string): Command {
  const lines = unit.replaceAll('\\\n', ' ').split('\n')
  const valuesOf = (key: string) =>
    lines.flatMap((line) =>
      line.startsWith(`${key}=`) ? [line.slice(key.length + 1)] : [],
    )
  const [command = '', ...more] = valuesOf('ExecStart')
  const words = [command, ...more].join(' ').split(/\s+/)
  const paths = words
    .slice(1)
    .map((word) => word.replace(/^--[\w-]+=/, ''))
    .filter((word) => word.startsWith('/etc/'))
    // A kubelet that has joined needs it no more.
    .filter((word) => !word.includes('bootstrap'))
  const program = words[0]?.startsWith('/usr/local/') ? words[0] : '/usr'
  return { program, user: valuesOf('User')[0] ?? 'root', paths }
}
