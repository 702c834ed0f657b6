import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMarkdownRenderer, type MarkdownRenderer } from 'vitepress'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import config from '../../docs/.vitepress/config.ts'
import { root } from '../../docs/.vitepress/site.ts'

const step = 'steps/09-container-runtime.ts'

describe('a page follows the code that it quotes', () => {
  const copy = mkdtempSync(join(tmpdir(), 'kfs-quotes-'))
  const docs = join(copy, 'docs')
  const source = readFileSync(join(root, step), 'utf8')
  const region = /#region ([\w-]+)/.exec(source)?.[1]
  let markdown: MarkdownRenderer

  const render = (text: string) =>
    markdown.renderAsync(text, { relativePath: 'page.md', path: docs } as never)
  const write = (text: string) => writeFileSync(join(copy, step), text)
  const quote = `<<< @/../${step}#${region}`
  const whole = `<<< @/../${step}{ts twoslash}`

  beforeAll(async () => {
    mkdirSync(docs)
    cpSync(join(root, step), join(copy, step))
    markdown = await createMarkdownRenderer(docs, config.markdown, '/')
  })
  beforeEach(() => write(source))
  afterAll(() => rmSync(copy, { recursive: true }))

  test('a line that changes in a step changes on the page', async () => {
    const mark = `#region ${region}\n`
    expect(await render(quote)).not.toContain('changed on purpose')
    write(source.replace(mark, `${mark}// changed on purpose\n`))
    expect(await render(quote)).toContain('// changed on purpose')
  })

  test('a region that is gone stops the build', async () => {
    write(source.replace(/.*#(end)?region .*\n/g, ''))
    await expect(render(quote)).rejects.toThrow(
      `Code snippet region "${region}" not found`,
    )
  })

  test('a step that is gone stops the build', async () => {
    rmSync(join(copy, step))
    await expect(render(quote)).rejects.toThrow(step)
  })

  test('a type error in a step stops the build', async () => {
    expect(await render(whole)).toContain('type-hover')
    write(`${source}\nexport const wrong: number = 'a text'\n`)
    await expect(render(whole)).rejects.toThrow(/not assignable/)
  })
})
