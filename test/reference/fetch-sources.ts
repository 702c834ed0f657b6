import { fetchSources } from './help.ts'

/**
 * Before all tests: where programs were downloaded and not built, nothing else
 * brings their sources. At home the tests that need them are skipped.
 */
export async function setup(): Promise<void> {
  if (process.env.CI) await fetchSources()
}
