import { homedir } from 'node:os'
import { join } from 'node:path'

/**
 * Where Go keeps the sources that the guide's own builds are made from: what
 * the projects themselves say of the versions that are pinned.
 */
export const goModules =
  process.env.GOMODCACHE || join(homedir(), 'go', 'pkg', 'mod')
