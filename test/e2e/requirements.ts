import { userInfo } from 'node:os'

/**
 * What this host lacks for the end-to-end tests, in words; nothing when they
 * can run. What the lab itself can install does not count.
 */
export function hostLacks(): string[] {
  const lacks: string[] = []
  if (process.platform !== 'linux') lacks.push('it is not Linux')
  else if (userInfo().uid !== 0) {
    lacks.push('the lab makes machines, which takes root: run it as root')
  }
  return lacks
}
