import {
  cpSync,
  globSync,
  mkdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { expand } from './expand.ts'
import { type Page, pagesByPart } from './pages.ts'
import { description, docs, published, root, title } from './site.ts'
import { piecesOf } from './tags.ts'

/**
 * Writes what a program would rather read than HTML: each page as Markdown
 * beside it, `llms.txt` that names them all, and `llms-full.txt` that holds
 * them all; and the quoted files as text, for who reads without a network.
 */
export function writeTextVersions(outDir: string): void {
  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(outDir, file)), { recursive: true })
    writeFileSync(join(outDir, file), text)
  }
  const parts = pagesByPart()
  const full: string[] = []
  for (const page of parts.flatMap(({ pages }) => pages)) {
    const text = asText(page)
    write(page.file, text)
    // The page of all steps repeats them.
    if (page.file !== 'steps/all.md') full.push(text)
  }
  const link = (file: string) =>
    published ? `${published}${file}` : `/${file}`
  const lists = parts.map(({ text, pages }) => {
    const lines = pages.map(
      (page) => `- [${page.title}](${link(page.file)}): ${page.description}`,
    )
    return [`## ${text}`, '', ...lines, ''].join('\n')
  })
  write(
    'llms.txt',
    [`# ${title}`, '', `> ${description}`, '', ...lists].join('\n'),
  )
  write('llms-full.txt', full.join('\n\n---\n\n'))
  copySources(outDir)
}

/** The Markdown of a page with everything in it that the page shows. */
export function asText({ file, title, description }: Page): string {
  const source = readFileSync(join(docs, file), 'utf8')
  const body = source.replace(/^---\n.*?\n---\n/s, '').trim()
  const expanded = expand(body, file, 'text')
  const quoted = piecesOf(expanded).map((piece) => {
    return piece.kind === 'line' ? withSnippet(piece.text, file) : piece.text
  })
  const head = ['---', `title: ${title}`, `description: ${description}`, '---']
  return `${head.join('\n')}\n\n${quoted.join('\n').trim()}\n`
}

const snippet = /^<<< ([^#{\s]+)(?:#([\w.-]+))?(?:\{[^}]*\})?$/

function withSnippet(line: string, page: string): string {
  const [, path, region] = snippet.exec(line) ?? []
  if (!path) return line
  const file = path.startsWith('@/')
    ? join(docs, path.slice(2))
    : resolve(docs, dirname(page), path)
  const name = relative(root, file)
  const code = regionOf(readFileSync(file, 'utf8'), region)
  const language = file.split('.').at(-1)
  return [`\`\`\`${language} [${name}]`, code, '```'].join('\n')
}

function regionOf(source: string, region?: string): string {
  if (!region) return source.trimEnd()
  const lines = source.split('\n')
  const find = (mark: string) => {
    return lines.findIndex((line) => line.trim().endsWith(` ${mark} ${region}`))
  }
  return lines.slice(find('#region') + 1, find('#endregion')).join('\n')
}

function copySources(outDir: string): void {
  const quoted = ['steps/**/*.ts', 'docs/examples/*', 'cluster.yaml']
  for (const file of globSync(quoted, { cwd: root })) {
    cpSync(join(root, file), join(outDir, 'source', `${file}.txt`))
  }
}
