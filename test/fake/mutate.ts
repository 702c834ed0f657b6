import { stringify } from 'yaml'
import type { Chance } from './chance.ts'

const pieces: readonly string[] = [
  ...['', ' ', '\t', '\n', '\r\n', '\0', '\ufeff', '\u2028', '\u001b[31m'],
  ...[
    '~',
    'null',
    'true',
    'no',
    '.inf',
    '-.inf',
    '.nan',
    '1e999',
    '-0',
    '0x1F',
  ],
  ...[
    '0o17',
    '1_000',
    '99999999999999999999',
    '2026-01-01',
    '<<: *a',
    '&a ',
    '*a',
  ],
  ...[
    '!!js/function x',
    '!!binary eA==',
    '!!set {a}',
    '!tag x',
    '? [a, b]\n: c',
  ],
  ...['|', '>-', '---', '...', '%YAML 1.1', '# ', "'", '"', '[', ']', '{', '}'],
  ...[
    ': ',
    ',',
    '- ',
    '@',
    '`',
    '__proto__: {}',
    'constructor: 1',
    'toString: x',
  ],
  ...['::1', '2001:db8::1/64', '10.0.0.0/33', '0.0.0.0/0', '255.255.255.255'],
  ...['name', 'machines:', 'roles: []', 'größe', '日本', '🚀', '\ud800'],
  ...['$(touch owned)', '`touch owned`', '; touch owned', '../../etc', '%s%n'],
  ...[
    'x'.repeat(70_000),
    '[ '.repeat(500),
    '{a: '.repeat(500),
    '- '.repeat(500),
  ],
]

/** A text with some things in it changed by chance. */
export function mutated(text: string, by: Chance): string {
  let result = text
  for (let left = 1 + by.below(4); left > 0; left--) result = once(result, by)
  return result
}

function once(text: string, by: Chance): string {
  const at = by.below(text.length + 1)
  const lines = text.split('\n')
  const line = by.below(lines.length)
  switch (by.below(9)) {
    case 0:
      return text.slice(0, at) + by.pick(pieces) + text.slice(at)
    case 1:
      return text.slice(0, at) + text.slice(at + 1 + by.below(20))
    case 2:
      return text.slice(0, at)
    case 3:
      return lines.toSpliced(line, 1).join('\n')
    case 4:
      return lines
        .toSpliced(line, 0, lines[by.below(lines.length)] ?? '')
        .join('\n')
    case 5:
      return lines
        .with(line, ' '.repeat(by.below(9)) + lines[line]?.trim())
        .join('\n')
    case 6: {
      const key = /^([\s-]*[\w-]+:).*/.exec(lines[line] ?? '')?.[1] ?? ''
      return lines.with(line, `${key} ${by.pick(pieces)}`).join('\n')
    }
    case 7: {
      const words = [...text.matchAll(/[\w./-]+/g)]
      const word = by.pick(words)
      if (!word) return by.pick(pieces)
      const [old] = word
      return (
        text.slice(0, word.index) +
        by.pick(pieces) +
        text.slice(word.index + old.length)
      )
    }
    default:
      return (
        text.slice(0, at) +
        String.fromCharCode(by.below(0x10000)) +
        text.slice(at + 1)
      )
  }
}

const fields: readonly string[] = [
  ...['name', 'lab', 'ssh', 'machines', 'networks', 'versions', 'choices'],
  ...['endpoint', 'artifacts', 'checks', 'overrides', 'address', 'roles'],
  ...['pods', 'services', 'podsPerMachine', 'domain', 'user', 'port', 'key'],
  ...['jump', 'host', 'sources', 'mirror', 'outside', 'kubernetes', 'kubelet'],
  ...['etcd', 'podNetwork', 'cp-1', '__proto__', 'constructor', '', '0', 'nam'],
]

const values: readonly unknown[] = [
  ...[null, true, false, 0, -1, 1.5, 65_535, 65_536, 1e308, '', ' ', 'x'],
  ...['10.10.0.11', '10.10.0.0/24', '10.20.0.0/16', 'cp-1', 'control-plane'],
  ...[
    'worker',
    '1.37.1',
    'v1.37.1',
    'container',
    'vm',
    '::1',
    'a\nb',
    '\u0000',
  ],
  ...[
    '$(touch owned)',
    '-oProxyCommand=x',
    'ü',
    'x'.repeat(300),
    '10.0.0.1:99999',
  ],
]

/** A cluster file that has the right words in it, and little sense. */
export function invented(by: Chance): string {
  const value = (depth: number): unknown => {
    const kind = by.below(depth > 4 ? 1 : 4)
    if (kind < 2) return by.pick(values)
    const many = Array.from({ length: by.below(5) }, () => value(depth + 1))
    if (kind === 2) return many
    return Object.fromEntries(many.map((it) => [by.pick(fields), it]))
  }
  const top = fields.slice(0, 11).filter(() => by.below(3) > 0)
  const file = Object.fromEntries(top.map((field) => [field, value(1)]))
  return by.below(2) ? stringify(file) : JSON.stringify(file)
}
