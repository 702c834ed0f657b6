import { existsSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { generated, isTable } from './generated.ts'
import { bytes, duration, outputOf, recordingOf } from './recorded.ts'
import { docs, withBase } from './site.ts'
import { type StepHeader, stepOf, steps } from './steps.ts'
import { escapeHtml, piecesOf, type Tag, tagOf } from './tags.ts'
import { testedOn } from './tested-on.ts'

/**
 * Where a page is read: in a browser, on paper, or as the Markdown beside it.
 */
export type Reader = 'browser' | 'paper' | 'text'

/**
 * Puts what is generated into the Markdown of a page: the components that
 * stand on a line of their own, and what commands printed. It happens before
 * Markdown is read, so the search index and the text version have it too.
 */
export function expand(
  markdown: string,
  page: string,
  reader: Reader = 'browser',
): string {
  return piecesOf(markdown)
    .map((piece) => {
      if (piece.kind === 'fence') {
        const output = isTyped(piece.info) && outputOf(piece.body, page)
        if (!output) return piece.text
        return `${piece.text}\n\n${indented(outputFence(output), piece.indent)}`
      }
      const tag = tagOf(piece.text)
      return tag ? (component(tag, page, reader) ?? piece.text) : piece.text
    })
    .join('\n')
}

/** True for a block that the reader types and the end to end runs. */
function isTyped(info: string): boolean {
  return /^sh \[(here|on [\w-]+)\]$/.test(info)
}

function indented(text: string, indent: string): string {
  return text.replaceAll(/^/gm, indent)
}

function outputFence(lines: string[], command = ''): string {
  return ['~~~~text output', ...lines, '~~~~']
    .join('\n')
    .replace('output', command ? `output (${command})` : 'output')
}

function component(tag: Tag, page: string, reader: Reader): string | undefined {
  const { name, attributes } = tag
  const { step = '', part = '' } = attributes
  if (name === 'Diagram') return diagram(attributes.name ?? '', page, reader)
  if (name === 'Recorded') return recorded(step, part)
  if (name === 'Run') return run(stepOf(step))
  if (name === 'StepFacts') return stepFacts(stepOf(step), reader)
  if (name === 'StepList') return stepList(reader)
  if (name === 'AllSteps') return allSteps(reader)
  if (!isTable(name)) return undefined
  const pairs = Object.entries(attributes)
  const text = pairs.map(([key, value]) => ` ${key}="${value}"`).join('')
  const table = generated().tables[`<${name}${text} />`]
  if (table !== undefined) return table
  throw new Error(
    `${page}: write <${name}${text} /> with one space before the slash`,
  )
}

function diagram(name: string, page: string, reader: Reader): string {
  const found = generated().diagrams[name]
  if (!found) {
    const problem = `${page}: diagrams/index.ts has no diagram "${name}"`
    if (process.env.NODE_ENV === 'production') throw new Error(problem)
    return `::: danger ${problem}\n:::`
  }
  const { title, description, text, source } = found
  if (reader === 'text') {
    const list = text.map((sentence) => `- ${sentence}`)
    return [`**${title}.** ${description}`, '', ...list].join('\n')
  }
  const eager = reader === 'paper' ? ' eager' : ''
  return [
    `<Diagram name="${name}" title="${escapeHtml(title)}"`,
    `description="${escapeHtml(description)}"`,
    `source="${encodeURIComponent(source)}"${eager}><ul>${text
      .map((sentence) => `<li>${escapeHtml(sentence)}</li>`)
      .join('')}</ul></Diagram>`,
  ].join(' ')
}

const commands: Record<string, string> = {
  apply: ' --no-verify',
  plan: ' --plan',
  verify: ' --verify',
  undo: ' --undo',
}

function recorded(number: string, part: string): string {
  const flag = commands[part]
  if (flag === undefined) {
    throw new Error(
      `<Recorded> knows no part "${part}": ${Object.keys(commands)}`,
    )
  }
  const lines = recordingOf(number)?.[part as 'apply']
  if (!lines) return '<p class="recorded-none">Not recorded yet.</p>'
  return outputFence(lines, `npx zx steps/${stepOf(number).id}.ts${flag}`)
}

/**
 * The command of a step, as a reader types it, and what it printed. It is no
 * block of the page, so nothing types it on a cluster where it has run.
 */
function run({ id, number }: StepHeader): string {
  const plan = recordingOf(number)?.plan ?? []
  // Of a step that changes nothing, it is a title and a count.
  const fold = plan.length > 2 && [
    ...['', '::: details What `--plan` says beforehand'],
    ...[recorded(number, 'plan'), ':::'],
  ]
  return [
    ...['```sh [here]', `npx zx steps/${id}.ts`, '```', ''],
    ...[recorded(number, 'apply'), ''],
    'Without `--no-verify`, the checks follow at once. What they print stands',
    'under *Verify*.',
    ...(fold || []),
  ].join('\n')
}

function stepFacts(step: StepHeader, reader: Reader): string {
  const recording = recordingOf(step.number)
  const measured = recording
    ? [
        ['Time, with checks', duration(recording.milliseconds)],
        ['Memory, all machines', bytes(recording.memoryBytes)],
        ['Disk, all machines', bytes(recording.diskBytes)],
      ]
    : [['Measured', 'not recorded yet']]
  const facts = [
    ['Runs on', escapeHtml(step.runsOn)],
    ['Needs', step.needs.map(neededStep).join(', ')],
    ['Leaves', escapeHtml(step.leaves)],
    ...measured,
  ]
  const language = reader === 'text' ? 'text' : 'html'
  const tested = recording ? [testedOn(recording, language)] : []
  if (language === 'text') {
    const list = facts.map(([name, value]) => `- ${name}: ${value}`)
    return [...list, ...tested].join('\n')
  }
  const items = facts.map(
    ([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`,
  )
  const list = `<dl class="step-facts">${items.join('')}</dl>`
  return [list, ...tested].join('\n\n')
}

/** A step that is needed links to its page; `SSH` is no step. */
function neededStep(need: string): string {
  const step = steps().find(({ number }) => number === need)
  if (!step) return escapeHtml(need)
  return `<a href="${withBase(`/steps/${step.id}`)}">${need} ${step.name}</a>`
}

function stepList(reader: Reader): string {
  const rows = steps().map((step) => {
    const time = recordingOf(step.number)?.milliseconds
    return { ...step, took: time === undefined ? '' : duration(time) }
  })
  if (reader === 'text') {
    const lines = rows.map(({ number, name, id, aim, runsOn, took }) => {
      const more = [runsOn, took].filter(Boolean).join(', ')
      return `- [${number} ${name}](/steps/${id}): ${aim} (${more})`
    })
    return lines.join('\n')
  }
  const items = rows.map(({ number, name, id, aim, runsOn, took }) => {
    const link = `<a href="${withBase(`/steps/${id}`)}">${escapeHtml(name)}</a>`
    const more = [escapeHtml(runsOn), took].filter(Boolean).join(' · ')
    return [
      `<li><span class="step-number">${number}</span>`,
      `<span class="step-name">${link}</span>`,
      `<span class="step-aim">${escapeHtml(aim)}</span>`,
      `<span class="step-more">${more}</span></li>`,
    ].join('')
  })
  return `<ol class="step-list">${items.join('')}</ol>`
}

/**
 * All step pages, one after the other, a level of headings deeper. The whole
 * files are left out: every region is there already.
 */
function allSteps(reader: Reader): string {
  return steps()
    .map(({ id }) => join(docs, 'steps', `${id}.md`))
    .filter(existsSync)
    .map((file) => {
      const page = readFileSync(file, 'utf8')
        .replace(/^---\n.*?\n---\n/s, '')
        .replace(/^::: details The whole file\n.*?^:::\n/ms, '')
      const deeper = piecesOf(page)
        .map(({ kind, text }) => {
          return kind === 'line' && text.startsWith('#') ? `#${text}` : text
        })
        .join('\n')
      const on = reader === 'browser' ? 'paper' : reader
      return expand(deeper, relative(docs, file), on)
    })
    .join('\n\n')
}
