import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './site.ts'

/** What the comment at the top of a step says. */
export interface StepHeader {
  number: string
  /** File name without extension, which is also the name of the page. */
  id: string
  name: string
  aim: string
  runsOn: string
  needs: string[]
  leaves: string
}

/** Every step of the guide, in order. */
export function steps(): StepHeader[] {
  return readdirSync(join(root, 'steps'))
    .filter((file) => /^\d\d-.*\.ts$/.test(file))
    .sort()
    .map((file) => {
      const source = readFileSync(join(root, 'steps', file), 'utf8')
      return stepHeader(file.replace(/\.ts$/, ''), source)
    })
}

export function stepOf(number: string): StepHeader {
  const found = steps().find((step) => step.number === number)
  if (!found) throw new Error(`there is no step ${number} in steps/`)
  return found
}

/**
 * Reads the header of a step: a title with the aim, then what it runs on,
 * what it needs and what it leaves, set apart by middle dots.
 */
export function stepHeader(id: string, source: string): StepHeader {
  const [first = '', ...rest] = source
    .slice(0, source.indexOf('\n\n'))
    .split('\n')
    .map((line) => line.replace(/^\/\/ ?/, ''))
  const title = /^(\d\d) (.+?): (.+)$/.exec(first)
  const facts = /^Runs on: (.+) · Needs: (.+) · Leaves: (.+)$/.exec(
    rest.join(' '),
  )
  if (!title || !facts) {
    throw new Error(
      `steps/${id}.ts has no header of the form "// NN name: aim" and ` +
        '"// Runs on: … · Needs: … · Leaves: …"',
    )
  }
  return {
    number: title[1] ?? '',
    id,
    name: title[2] ?? '',
    aim: title[3] ?? '',
    runsOn: facts[1] ?? '',
    needs: (facts[2] ?? '').split(', '),
    leaves: facts[3] ?? '',
  }
}
