/**
 * The word that a mistyped one probably meant.
 *
 * @returns undefined where none is near: a wrong guess is worse than none
 * @example
 * closest('machnes', ['machines', 'networks']) // 'machines'
 * @see https://en.wikipedia.org/wiki/Levenshtein_distance
 */
export function closest(
  word: string,
  words: readonly string[],
): string | undefined {
  const most = Math.min(2, Math.floor(word.length / 3))
  if (word.length > 40) return
  return words
    .map((other) => ({ other, distance: distance(plain(word), plain(other)) }))
    .filter((pair) => pair.distance <= most)
    .sort((a, b) => a.distance - b.distance)[0]?.other
}

/** controlPlane, control_plane and control-plane are one word to a reader. */
function plain(word: string): string {
  return word.toLowerCase().replaceAll(/[-_ ]/g, '')
}

/** Letters to insert, delete, replace or swap with the next one. */
function distance(one: string, other: string): number {
  let before: number[] = []
  let row = Array.from({ length: other.length + 1 }, (_, column) => column)
  for (const [line, letter] of [...one].entries()) {
    const next = [line + 1]
    for (const [column, wanted] of [...other].entries()) {
      const replace = (row[column] ?? 0) + (letter === wanted ? 0 : 1)
      const insert = (next[column] ?? 0) + 1
      const remove = (row[column + 1] ?? 0) + 1
      const isSwap = letter === other[column - 1] && wanted === one[line - 1]
      const swap = isSwap ? (before[column - 1] ?? 0) + 1 : insert
      next.push(Math.min(replace, insert, remove, swap))
    }
    before = row
    row = next
  }
  return row.at(-1) ?? 0
}
