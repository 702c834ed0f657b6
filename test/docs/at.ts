import type { Page } from '../../commands/docs/pages.ts'

/** Where an error is, as editors read it: `docs/steps/05-etcd.md:12`. */
export function at({ path }: Pick<Page, 'path'>, line?: number): string {
  return `docs/${path}${line === undefined ? '' : `:${line}`}`
}

/** Fails a test with all that a check has found, a line each. */
export function expectNone(errors: readonly string[]): void {
  if (errors.length > 0) throw new Error(`\n${errors.join('\n')}`)
}
