/** Texts that somebody who wants to break out of a quote would try. */
export const hostileTexts: readonly string[] = [
  '',
  ' ',
  '\n',
  '\n\n\n',
  "'",
  "''",
  "'\\''",
  '"',
  '\\',
  '\\\\',
  '\\n',
  'a\\',
  '$(touch /tmp/kfs-owned)',
  '`touch /tmp/kfs-owned`',
  "'; touch /tmp/kfs-owned; '",
  "'$(touch /tmp/kfs-owned)'",
  '"; touch /tmp/kfs-owned; "',
  '${HOME} $HOME $0 $$ $? $!',
  '$((1+1))',
  "$'\\x41'",
  '!! !$ ^a^b',
  '~ ~root *.* [a-z] {a,b} ?',
  'a; b & c | d > e < f',
  '} ) ] fi done esac EOF END',
  '<<EOF\nEOF',
  '# no comment',
  'a # no comment',
  '-n -e --help --',
  '%s %d %n %%',
  'A=b',
  '  indented\n    more\n  and no newline at the end',
  '\t\ttab\n\t\ttabs',
  'trailing space \nand tab\t\n',
  'no newline at the end',
  'carriage\r\nreturn\r',
  'größe ✓ 🚀 日本語 e\u0301 \u200b\ufeff',
  '\u0001\u0002\u0007\b\u001b[31m\u007f\u0080',
  'begin-\nend- 0\n',
  `${'long '.repeat(2000)}\n`,
]

/** Texts of characters that mean something to bash; the same every time. */
export function randomTexts(count: number): string[] {
  const alphabet = [
    ...' \n\t\r\'"\\`$(){}[]<>|&;!#*?~=%^-+,.:@/abcEOF019_',
    ...['ü', '✓', '🚀', '\u0001', '\u007f', "'\\''", '$(', '<<', '\\\n'],
  ]
  const next = random(20260101)
  return Array.from({ length: count }, () =>
    Array.from(
      { length: next() % 40 },
      () => alphabet[next() % alphabet.length] ?? '',
    ).join(''),
  )
}

// A linear congruential generator (Numerical Recipes): the same each time.
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state >>> 8
  }
}
