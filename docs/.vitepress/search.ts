/*
 * These functions are sent to the browser as text, so each is complete in
 * itself.
 */

/**
 * Splits text into words, and keeps flags, paths, addresses and dotted names
 * whole beside their parts: `--service-cluster-ip-range` is found as it is
 * typed, and so is `range`.
 */
export function tokenize(text: string): string[] {
  const words = text.split(/[\s"'`“”‘’()[\]{}<>,;|=…·→]+/u)
  return words.flatMap((raw) => {
    const word = raw.replace(/^[:.!?]+|[:.!?]+$/gu, '')
    if (!word) return []
    const parts = word.split(/[^\p{L}\p{N}]+/u).filter(Boolean)
    if (parts.length < 2 && parts[0] === word) return [word]
    const bare = word.replace(/^[-/.]+/, '')
    return [...new Set([word, bare, ...parts])].filter(Boolean)
  })
}

/** Pages that answer a question come before pages that list everything. */
export function boost(id: string): number {
  if (/\/steps\/\d\d-/.test(id)) return 1.5
  if (/\/(troubleshooting|guide\/)/.test(id)) return 1.4
  if (/\/(cluster|decisions)\//.test(id)) return 1.2
  return 1
}
