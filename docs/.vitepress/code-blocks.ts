import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { root, sourceLink } from './site.ts'
import { escapeHtml } from './tags.ts'

interface Token {
  info: string
  content: string
  meta?: { src?: string; region?: string } | null
}

type Rule = (tokens: Token[], index: number, ...rest: never[]) => string

/** Wraps the rule that renders a fenced block with what the guide adds. */
export function codeBlocks(fence: Rule): Rule {
  return (tokens, index, ...rest) => {
    const token = tokens[index]
    if (!token) return ''
    const info = token.info
    if (/^text output\b/.test(info)) return output(token)
    const file = token.meta?.src && sourceOf(token.meta.src, token.meta.region)
    const html = fence(tokens, index, ...rest)
    if (file) return quoted(html, file)
    const marker = /^sh \[(.+)\]$/.exec(info)?.[1]
    return marker ? typed(html, marker) : html
  }
}

/** A file of the checkout that a page quotes, or a region of it. */
interface Source {
  file: string
  lines?: [number, number]
}

function sourceOf(path: string, region?: string): Source {
  const file = relative(root, path)
  if (!region) return { file }
  const lines = readFileSync(path, 'utf8').split('\n')
  const at = (mark: string) => {
    return lines.findIndex((line) => line.trim().endsWith(` ${mark} ${region}`))
  }
  return { file, lines: [at('#region') + 2, at('#endregion')] }
}

function quoted(html: string, { file, lines }: Source): string {
  const link = sourceLink(file, lines)
  return `<div class="quoted"><div class="code-head"><span class="code-path">${
    file
  }</span><a class="code-source" href="${link}" target="_self">view source<span
    class="visually-hidden"> of ${file}</span></a></div>${html}</div>`
}

function typed(html: string, marker: string): string {
  const where = /^(here|ci|undo|drill)$/.test(marker)
    ? 'on your computer'
    : marker
  const kind = marker.startsWith('not ') ? 'untested' : 'tested'
  return `<div class="typed ${kind}"><div class="code-head"><span class="code-where">${escapeHtml(
    where,
  )}</span></div>${html}</div>`
}

/** What a command printed, with its verdicts in color. */
function output({ info, content }: Token): string {
  const command = /\((.+)\)$/.exec(info)?.[1]
  const caption = command
    ? `<code>${escapeHtml(command)}</code> printed`
    : 'printed'
  const lines = content.replace(/\n$/, '').split('\n').map(colored)
  return `<figure class="recorded"><figcaption>${caption}</figcaption><pre
    v-pre tabindex="0"><code>${lines.join('\n')}</code></pre></figure>`
}

function colored(line: string): string {
  return escapeHtml(line)
    .replace(/^(\s*)✓/, '$1<span class="good">✓</span>')
    .replace(/^(\s*)✗/, '$1<span class="bad">✗</span>')
    .replace(/ (changed:)/, ' <span class="changed">$1</span>')
}
