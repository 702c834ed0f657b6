import dictionary from 'dictionary-en'
import nspell from 'nspell'
import { type Page, partsOf } from '../../commands/docs/pages.ts'
import { at } from './at.ts'
import { blank, proseOf } from './prose.ts'

/**
 * A check of the spelling of prose: American English, and the words of this
 * project. Code, links, tags and keys of the frontmatter are no prose.
 *
 * @param words of this project; one in lower case is right in any case, and
 * each with an s
 */
export function speller(words: readonly string[]) {
  const english = nspell(dictionary)
  const own = new Set(words)
  const known = new Map<string, boolean>()
  const isRight = (word: string) => {
    const found = known.get(word)
    if (found !== undefined) return found
    const right =
      english.correct(word) ||
      [word, word.toLowerCase()].some(
        (form) => own.has(form) || own.has(form.replace(/s$/, '')),
      )
    known.set(word, right)
    return right
  }
  return (page: Page): string[] =>
    readable(page).flatMap(({ text, line }) =>
      wordsOf(text)
        .filter((word) => !isRight(word))
        .flatMap((word) => word.split('-').filter((part) => !isRight(part)))
        .map(
          (word) =>
            `${at(page, line)}: ${word}: correct it, or if it is right add ` +
            'it to test/docs/words.txt',
        ),
    )
}

/** Words of the list that are not in order, or twice. */
export function unsorted(words: readonly string[]): string[] {
  const sorted = [...words].sort((a, b) => a.localeCompare(b, 'en'))
  return words.flatMap((word, index) => {
    const line = `test/docs/words.txt:${index + 1}`
    if (word.trim() !== word || word === '') return [`${line}: spaces`]
    if (words.indexOf(word) !== index)
      return [`${line}: ${word} is there twice`]
    if (word === sorted[index]) return []
    return [`${line}: ${word} is not in order: sort the file`]
  })
}

// What is left of a page without code, links, tags and names of files.
function readable(page: Page) {
  const head = partsOf(page).frontmatter.map(({ text, line }) => ({
    line,
    text: text.replace(/^[\s-]*[\w-]+:( |$)/, ' '),
  }))
  const noWords = [
    /<[^>]*>/g,
    /\{\{.*?\}\}|\{#[^}]*\}/g,
    /\]\([^)]*\)/g,
    /^\s*\[[^\]]+\]: \S+/gm,
    /^:::+ *\w*/gm,
    /\b(?:https?:\/\/)?[\w-]+(?:\.[\w-]+)+(?:\/\S*)?/g,
    /(?<!\w)(?:\.{0,2}\/)[\w./-]+/g,
    /\b\w+#\d+/g,
    /\b[^\W_]+_\w+\b/g,
  ]
  const body = noWords.reduce(blank, proseOf(page)).split('\n')
  return [
    ...head.map(({ text, line }) => ({
      line,
      text: noWords.reduce(blank, text),
    })),
    ...body.map((text, index) => ({
      line: index + 1,
      text: text.replaceAll('*', ''),
    })),
  ]
}

// A word with a digit is a name. `’s` and `'s` belong to any word.
function wordsOf(text: string): string[] {
  return [...text.matchAll(/[\p{L}\p{N}][\p{L}\p{N}'’-]*/gu)]
    .map(([word]) => word.replaceAll('’', "'").replace(/(?:'s?|-)$/, ''))
    .filter((word) => !/\p{N}/u.test(word) && word.length > 1)
}
