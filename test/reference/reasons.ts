import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import ts from 'typescript'
import { stepsFolder } from '../../lib/steps.ts'

/** The comment of a step beside something with a name, or none. */
export interface Reason {
  /** Below `steps/`. */
  file: string
  /** Names from the outside to the inside. */
  keys: string[]
  text: string
}

/**
 * Every comment that stands above a property of an object in the steps, or
 * behind it on its line: the reason for a flag or a field.
 *
 * @example
 * reasonsIn('export const flags = { v: 2 } // why') // [{ keys: ['v'], … }]
 */
export function reasonsIn(source: string, file = 'step.ts'): Reason[] {
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true)
  const reasons: Reason[] = []

  const visit = (node: ts.Node, keys: string[], inherited: string): void => {
    const name = nameOf(node)
    if (name === undefined) {
      // A condition in an object: its comment is of the fields within.
      const text = ts.isSpreadAssignment(node)
        ? commentOf(node) || inherited
        : inherited
      ts.forEachChild(node, (child) => visit(child, keys, text))
      return
    }
    const path = [...keys, name]
    const isVariable = ts.isVariableDeclaration(node)
    // What is said of a whole is not the reason for each of its parts.
    const text = isVariable
      ? commentOf(node.parent.parent)
      : commentOf(node) || inherited
    reasons.push({ file, keys: path, text })
    const passedOn = isVariable ? '' : text
    ts.forEachChild(node, (child) => visit(child, path, passedOn))
  }

  const commentOf = (node: ts.Node): string => {
    const above = ts.getLeadingCommentRanges(source, node.pos) ?? []
    // A comment behind the comma before belongs to that line.
    const own = above.filter(({ pos }) => !isBehind(source, pos, node.pos))
    const after = source.slice(node.end, source.indexOf('\n', node.end))
    const [, behind] = /^,?\s*\/\/ ?(.*)$/.exec(after) ?? []
    const lines = own.map(({ pos, end }) => textOf(source.slice(pos, end)))
    // A blank line parts a comment on what follows from the one before it.
    const text = lines.join(' ').trim()
    return behind?.trim() || text
  }

  visit(tree, [], '')
  return reasons
}

/** The comments of all steps and of the modules beside them. */
export function reasonsOfSteps(): Reason[] {
  return readdirSync(stepsFolder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .sort()
    .flatMap((file) =>
      reasonsIn(readFileSync(join(stepsFolder, file), 'utf8'), file),
    )
}

/**
 * The comment beside a setting: the one whose names end as those of the
 * setting do, and in the step that writes it where there are several.
 *
 * @param step number of the step
 */
export function reasonFor(
  keys: readonly string[],
  step: string,
  all: readonly Reason[],
  imported: readonly string[],
): string {
  for (let length = keys.length; length > 0; length--) {
    const wanted = keys.slice(-length).join('\0')
    const found = all.filter(
      ({ file, keys: its }) =>
        (file.startsWith(`${step}-`) || imported.includes(file)) &&
        its.slice(-length).join('\0') === wanted,
    )
    // Named, and nothing is said of it: then nothing else is meant, either.
    const [first] = found
    if (first) return found.find(({ text }) => text)?.text ?? ''
  }
  return ''
}

/** Files below `steps/` that a step imports, and what they import. */
export function importsOf(step: string): string[] {
  const [file] = readdirSync(stepsFolder).filter((it) =>
    it.startsWith(`${step}-`),
  )
  const found = new Set<string>()
  const follow = (path: string) => {
    const source = readFileSync(join(stepsFolder, path), 'utf8')
    for (const { fileName } of ts.preProcessFile(source).importedFiles) {
      const target = join(dirname(path), fileName)
      if (!fileName.startsWith('.') || target.startsWith('..')) continue
      if (found.has(target)) continue
      found.add(target)
      follow(target)
    }
  }
  if (file) follow(file)
  return [...found].filter((path) => basename(path).endsWith('.ts'))
}

function nameOf(node: ts.Node): string | undefined {
  if (ts.isPropertyAssignment(node) || ts.isShorthandPropertyAssignment(node)) {
    const { name } = node
    return ts.isIdentifier(name) || ts.isStringLiteralLike(name)
      ? name.text
      : undefined
  }
  return ts.isVariableDeclaration(node) && ts.isIdentifier(node.name)
    ? node.name.text
    : undefined
}

function isBehind(source: string, pos: number, from: number): boolean {
  const between = source.slice(from, pos)
  return from > 0 && !between.includes('\n')
}

function textOf(comment: string): string {
  const text = comment.replace(/^\/\/ ?/, '')
  return /^#(end)?region/.test(text) ? '' : text
}
