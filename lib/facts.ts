import { GuideError } from './errors.ts'
import type { Host } from './host.ts'
import { sh } from './shell.ts'

/** What a machine is, as far as a step decides by it. */
export interface Facts {
  architecture: 'amd64' | 'arm64'
  /** Version of the cgroup hierarchy that systemd uses. */
  cgroup: 1 | 2
  /** True in a container, where the kernel is shared with others. */
  container: boolean
  /** False where even root may not lower an OOM score (CAP_SYS_RESOURCE). */
  mayLowerOomScore: boolean
}

/**
 * Reads the facts of a machine.
 *
 * @throws {GuideError} for an architecture that Kubernetes is not built for
 * @example
 * const { cgroup } = await readFacts(host)
 */
export async function readFacts(host: Host): Promise<Facts> {
  // Most steps ask, so hardly a program is started for it: systemd leaves a
  // note of the container that it runs in.
  const output = await host.read(sh`
    uname -m
    [ -e /sys/fs/cgroup/cgroup.controllers ] && echo 2 || echo 1
    [ -e /run/systemd/container ] && echo container || echo machine
    # Raising one's own score is always allowed, lowering it again is not.
    { echo 500 > /proc/self/oom_score_adj &&
      echo -500 > /proc/self/oom_score_adj; } 2>/dev/null && echo yes || echo no
    `)
  const [kernel = '', cgroup, kind, lower] = output.split('\n')
  return {
    architecture: architectureOf(kernel),
    cgroup: cgroup === '2' ? 2 : 1,
    container: kind === 'container',
    mayLowerOomScore: lower === 'yes',
  }
}

function architectureOf(kernel: string): Facts['architecture'] {
  if (kernel === 'x86_64') return 'amd64'
  if (kernel === 'aarch64') return 'arm64'
  throw new GuideError(
    `Cannot install on architecture ${kernel}: only x86_64 and aarch64 have ` +
      'releases in the versions file',
  )
}
