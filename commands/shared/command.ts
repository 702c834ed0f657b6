import { renderError } from '../../lib/errors.ts'
import { Interrupted } from './interrupt.ts'

/**
 * Runs a command and ends the process: with 0 when all is well, with 130
 * after Ctrl-C, otherwise with 1 and the error in words.
 *
 * @param main may return an exit code of its own
 * @example
 * await command(async () => console.log('done'))
 */
export async function command(
  main: () => Promise<number | undefined> | number | undefined,
): Promise<never> {
  try {
    process.exit((await main()) ?? 0)
  } catch (error) {
    process.stderr.write(`${renderError(error)}\n`)
    process.exit(error instanceof Interrupted ? 130 : 1)
  }
}
