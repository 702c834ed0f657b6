/**
 * Sends a signal to a process, unless it has ended since it was looked up.
 *
 * @throws that the process belongs to somebody else
 * @example
 * signal(pid, 'SIGKILL')
 */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
