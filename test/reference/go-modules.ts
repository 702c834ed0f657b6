import { homedir } from 'node:os'
import { join } from 'node:path'
import { execaSync } from 'execa'

const { stdout } = execaSync('go', ['env', 'GOMODCACHE'], { reject: false })
const cache = stdout || join(homedir(), 'go', 'pkg', 'mod')

/**
 * Where Go keeps a module that the guide's own builds are made from: what the
 * project itself says of the version that is pinned.
 *
 * @param module its path and version
 * @example
 * sourceOf('k8s.io/kubernetes@v1.37.1') // '/root/go/pkg/mod/k8s.io/…'
 */
export function sourceOf(module: string): string {
  return join(cache, module)
}
