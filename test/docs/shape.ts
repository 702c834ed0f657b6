import { type Page, partsOf } from '../../commands/docs/pages.ts'
import { at } from './at.ts'

/** What a page of a step consists of, in order: `docs/contributing.md`. */
const parts: [name: string, line: RegExp][] = [
  ['a title', /^# /],
  ['an aim below the title', /^\w/],
  ['<StepFacts>', /^<StepFacts step="NN" \/>$/],
  ['<Diagram>', /^<Diagram name="after-NN" \/>$/],
  ['a problem', /^## /],
  ['a region', /^<<< .+#/],
  ['Run it', /^## Run it$/],
  ['<Run>', /^<Run step="NN" \/>$/],
  ['Look around', /^## Look around$/],
  ['a block that is typed', /^```sh \[(here|on .+)\]$/],
  ['Verify', /^## Verify$/],
  ['what the checks printed', /^<Recorded step="NN" part="verify" \/>$/],
  ['Undo', /^## Undo$/],
  ['what the undo printed', /^<Recorded step="NN" part="undo" \/>$/],
  ['If it fails', /^## If it fails$/],
  ['a message', /^```text$/],
  ['What kubeadm would have done', /^## What kubeadm would have done$/],
  ['Further reading', /^## Further reading$/],
  ['a link', /^- .*\]\(/],
  ['The whole file', /^::: details The whole file$/],
  ['the file', /^<<< [^#]+\{ts twoslash\}$/],
]

/** The first part that a page of a step lacks, or has at another place. */
export function misshapen(page: Page): string[] {
  const { frontmatter } = partsOf(page)
  const lines = page.text.split('\n')
  let from = frontmatter.length > 0 ? frontmatter.length + 2 : 0
  for (const [index, [name, line]] of parts.entries()) {
    const wanted = new RegExp(line.source.replace('NN', page.step ?? ''))
    const found = lines.findIndex((text, at) => at >= from && wanted.test(text))
    if (found < 0) {
      const before = parts[index - 1]?.[0] ?? 'its head'
      return [`${at(page)}: has no ${name} after ${before}`]
    }
    from = found + 1
  }
  return []
}
