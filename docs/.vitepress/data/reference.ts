import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { stepFiles } from '../../../lib/steps.ts'
import type { Reference } from '../../../test/reference/reference.ts'
import { stepLink } from './markdown.ts'

/** A part of the reference, as `npm run reference` wrote it. */
export function reference<Part extends keyof Reference>(
  part: Part,
): Reference[Part] {
  const file = join(import.meta.dirname, '../../reference', `${part}.json`)
  return JSON.parse(readFileSync(file, 'utf8'))
}

/** A step by its number, as a link to its page. */
export function step(number: string): string {
  const found = stepFiles().find((one) => one.number === number)
  return stepLink(number, found && `${number}-${found.name}`)
}
