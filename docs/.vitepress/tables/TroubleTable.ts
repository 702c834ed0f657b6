import { plain } from '../data/markdown.ts'
import { type Proof, type Trouble, troubles } from '../data/troubles.ts'

/**
 * Messages with their cause and remedy.
 *
 * @param attributes `of`: what the reader was doing
 */
export function TroubleTable({ of }: { of: string }): string {
  const found = troubles[of]
  if (!found) throw new Error(`there are no troubles named ${of}`)
  return found.map(entry).join('\n\n')
}

function entry({ text, by, cause, remedy, proof }: Trouble): string {
  return [
    `### ${heading(text)} {#${anchor(text)}}`,
    '',
    // The heading of a short one is the whole text already.
    ...(heading(text) === plain(text) ? [] : ['```text', text, '```', '']),
    `${by === 'guide' ? 'Printed by a step or command of this guide' : `Printed by ${plain(by)}`}.`,
    '',
    `**Cause.** ${cause}`,
    '',
    `**Remedy.** ${remedy}`,
    '',
    proof ? tested(proof) : 'Not reproduced by a test.',
  ].join('\n')
}

/** Whether its test compares the text with what the program prints. */
export function isProvoked({ file }: Proof): boolean {
  return file.startsWith('test/troubles/')
}

function tested(proof: Proof): string {
  const { file, title } = proof
  const [name = ''] = [title].flat()
  const shown = plain(name.replace(/:? ?%s ?/, ' … ').trim())
  return `${isProvoked(proof) ? 'Reproduced' : 'Tested'}: “${shown}” in \`${file}\`.`
}

/** The beginning is enough to find it again. */
function heading(text: string): string {
  const words = text.replace(/^… ?/, '').replace(/…/g, '').trim()
  const short = words.length > 60 ? `${words.slice(0, 60).trim()} …` : words
  return plain(short.replace(/^[,:; ]+/, ''))
}

function anchor(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 50)
    .replace(/-$/, '')
}
