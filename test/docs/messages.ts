// Messages that pages quote, and whether our code says them.

import ts from 'typescript'
import { type Page, partsOf } from '../../commands/docs/pages.ts'
import { at } from './at.ts'

/** Stands for what a message fills in: `${name}` in code. */
const blank = '\u0000'

/**
 * The clauses of all texts in a source: each as the literals around what is
 * filled in.
 */
export function clausesOf(source: string): string[][] {
  const clauses: string[][] = []
  const visit = (node: ts.Node): void => {
    const text = textOf(node)
    if (text) {
      const said = split(text).map((clause) => clause.split(blank))
      // Of texts that are all filled in, anything would be one.
      clauses.push(...said.filter((it) => /\S{2}|\S.*\S/.test(it.join(''))))
    }
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile('a.ts', source, ts.ScriptTarget.Latest))
  return clauses
}

/** A literal, a template, or what `+` joins of them. */
function textOf(node: ts.Node): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text
  if (ts.isTemplateExpression(node)) {
    const rest = node.templateSpans.map(({ literal }) => blank + literal.text)
    return node.head.text + rest.join('')
  }
  if (!ts.isBinaryExpression(node)) return undefined
  if (node.operatorToken.kind !== ts.SyntaxKind.PlusToken) return undefined
  const [left, right] = [textOf(node.left), textOf(node.right)]
  return left === undefined && right === undefined
    ? undefined
    : (left ?? blank) + (right ?? blank)
}

/** Messages of "If it fails" that neither we nor others are known to say. */
export function unsaid(
  page: Page,
  clauses: readonly string[][],
  ofOthers: readonly string[],
): string[] {
  return messagesOf(page).flatMap(({ text, line }) => {
    if (ofOthers.includes(text) || isSaid(text, clauses)) return []
    return [
      `${at(page, line)}: nothing in steps/ or lib/ says “${text}”; write ` +
        'what it says, or name the message as one of another program',
    ]
  })
}

/** The messages that a page explains. */
export function messagesOf(page: Page) {
  return partsOf(page).fences.filter(({ info }) => info === 'text')
}

/** True when each clause is one of the code, filled in. */
export function isSaid(text: string, clauses: readonly string[][]): boolean {
  const known = (clause: string): boolean =>
    clauses.some((literals) => {
      const pattern = literals.map((it) => RegExp.escape(it)).join('(.*)')
      const filled = new RegExp(`^${pattern}$`).exec(clause)?.slice(1)
      // One word is a name. Several are a message of their own.
      return filled?.every(
        (it) => !it.includes(' ') || (it !== clause && isSaid(it, clauses)),
      )
    })
  const said = split(text)
  const names = (clause: string) => said.length > 1 && !clause.includes(' ')
  return said.every((clause) => names(clause) || known(clause))
}

function split(text: string): string[] {
  return text.split(/[:;]\s|\n/).map((clause) => clause.trim())
}
