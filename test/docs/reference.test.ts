import { globSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { fieldsOfCluster } from '../../docs/.vitepress/data/cluster-fields.ts'
import { leftByPrograms } from '../../docs/.vitepress/data/left-by-programs.ts'
import { troubles } from '../../docs/.vitepress/data/troubles.ts'
import { FlagTable } from '../../docs/.vitepress/tables/FlagTable.ts'
import { checkGroups, NodeSpec } from '../../docs/.vitepress/tables/NodeSpec.ts'
import { clusterSchema } from '../../lib/cluster-schema.ts'
import { checks } from '../../lib/node-spec.ts'
import { certificatesOf } from '../reference/certificates.ts'
import type { BuiltCluster } from '../reference/cluster.ts'
import { filesOf } from '../reference/files.ts'
import {
  deprecatedIn,
  flagsData,
  flagsWithReasons,
  missingHere,
  withWords,
} from '../reference/flags.ts'
import { readHelp, readTypes } from '../reference/help.ts'
import { reasonsIn } from '../reference/reasons.ts'
import {
  type Reference,
  referenceClusters,
  referenceFile,
} from '../reference/reference.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const root = resolve(import.meta.dirname, '..', '..')
const stale = '`npm run reference` writes it anew'

function kept<Part extends keyof Reference>(part: Part): Reference[Part] {
  return JSON.parse(readFileSync(referenceFile(part), 'utf8'))
}

describe('the reference', () => {
  let clusters: [BuiltCluster, BuiltCluster]

  beforeAll(async () => {
    clusters = await referenceClusters()
  })

  test('has the files that the steps write', () => {
    expect(filesOf(clusters), stale).toEqual(kept('files'))
  })

  test('has the certificates that step 03 issues', () => {
    expect(certificatesOf(clusters[0]), stale).toEqual(kept('certificates'))
  })

  test('has every flag that the machines receive, with its reason', () => {
    const now = flagsWithReasons(clusters).map(({ section, settings }) => {
      return { source: section.source, kind: section.kind, settings }
    })
    const then = kept('flags').map(({ source, kind, settings }) => ({
      ...{ source, kind },
      settings: settings.map(
        ({ says: _, default: __, deprecated: ___, ...ours }) => ours,
      ),
    }))
    expect(now, stale).toEqual(then)
  })

  const missing = missingHere()
  // At home some may be missing; in CI, where nobody looks, none may be.
  test.skipIf(missing.length > 0 && !process.env.CI)(
    'every flag and field is known to the component, and its words are kept',
    async () => {
      expect(missing, '`npm run artifacts` brings them').toEqual([])
      expect(await flagsData(clusters), stale).toEqual(kept('flags'))
    },
  )

  test('says that a flag has no default, and of no field that it has none', () => {
    expect(FlagTable({ of: 'kube-apiserver' })).toContain('Default: none.')
    const fields = FlagTable({ of: 'kubelet.yaml' })
    expect(fields).toContain('Default: ')
    expect(fields).not.toContain('Default: none.')
  })

  test('no flag or field is deprecated', () => {
    expect(deprecatedIn(kept('flags'))).toEqual([])
  })

  describe('of a program that changes', () => {
    const section = { kind: 'flags', source: 'kube-apiserver' } as const
    const entry = { name: 'profiling', value: 'false', reason: 'Nobody asks.' }
    const heard = (help: string) =>
      withWords(entry, { ...section, help: readHelp(help) })

    test('a flag that its program no longer has stops the build', () => {
      const said = heard('  --profiling   Profiles. (default true)')
      expect(said).toEqual({ ...entry, says: 'Profiles.', default: 'true' })
      expect(() => heard('  --other   Profiles.')).toThrow(
        'kube-apiserver does not know profiling any more',
      )
    })

    test('a flag that its program wants to lose stops the build', () => {
      const said = heard('  --profiling   DEPRECATED: use another.')
      const reference = { ...section, step: '06', settings: [said] }
      expect(deprecatedIn([reference])).toEqual([
        'kube-apiserver: profiling: DEPRECATED: use another.',
      ])
    })
  })

  test('says of what programs leave only what steps know', () => {
    const steps = globSync('steps/**/*.ts', { cwd: root })
      .map((file) => readFileSync(join(root, file), 'utf8'))
      .join('\n')
    const folders = ['', '/var', '/var/lib', '/var/log', '/run']
    for (const { path } of leftByPrograms) {
      const known = path
        .split('/')
        .map((_, index, all) => all.slice(0, all.length - index).join('/'))
        .filter((part) => !folders.includes(part))
      expect(
        known.some((part) => steps.includes(part)),
        path,
      ).toBe(true)
    }
  })
})

describe('the help of a component', () => {
  test('of Kubernetes is read with defaults and deprecations', () => {
    const help = readHelp(
      [
        '      --bind-address ip   The address. (default 0.0.0.0)',
        '      --profiling         DEPRECATED: web interface. (default true)',
        '      --gates mapString   First line',
        '                          second line',
        '      --plain             A switch',
        '      --number int32      A number',
        '      --long duration     A time',
        '      --size int32        A size. Default is 24 for IPv4. Or so.',
      ].join('\n'),
    )
    expect(Object.fromEntries(help)).toEqual({
      'bind-address': { text: 'The address.', default: '0.0.0.0' },
      profiling: {
        text: 'DEPRECATED: web interface.',
        default: 'true',
        deprecated: true,
      },
      gates: { text: 'First line second line' },
      // Zero is not printed, and is the default all the same.
      plain: { text: 'A switch', default: 'false' },
      number: { text: 'A number', default: '0' },
      long: { text: 'A time', default: '0s' },
      size: {
        text: 'A size. Default is 24 for IPv4.',
        default: '24 for IPv4',
      },
    })
  })

  test('of etcd is read', () => {
    const help = readHelp("Member:\n  --name 'default'\n    Its name.\n")
    expect(help.get('name')).toEqual({ text: 'Its name.', default: 'default' })
  })

  test('is found in the source of a configuration file', () => {
    const source = [
      'type Outer struct {',
      '\t// inner is inside.',
      '\t// Default: 3',
      '\tInner *Inner `json:"inner,omitempty"`',
      '}',
      'type Inner struct {',
      '\t// Deprecated: use another.',
      '\tOld int `json:"old"`',
      '\tFree map[string]string `json:"free"`',
      '}',
    ].join('\n')
    expect(Object.fromEntries(readTypes(source, 'Outer'))).toEqual({
      inner: { text: 'inner is inside.', default: '3' },
      'inner.old': { text: 'Deprecated: use another.', deprecated: true },
      'inner.free': { text: '', isMap: true },
    })
  })
})

describe('the reason for a field', () => {
  const reasonsOf = (source: string) =>
    Object.fromEntries(
      reasonsIn(source).map(({ keys, text }) => [keys.join('.'), text]),
    )

  test('is the comment above it, behind it, or above what it is in', () => {
    expect(
      reasonsOf(
        [
          '// Of the whole.',
          'const all = {',
          '  // Of one,',
          '  // in two lines.',
          "  'first-flag': 1,",
          '  second: 2, // Of two.',
          '  // Of the group.',
          '  third: { inner: 3 },',
          '  // Of what is spread.',
          '  ...(true && { fourth: 4 }),',
          '  fifth: 5,',
          '}',
        ].join('\n'),
      ),
    ).toEqual({
      all: 'Of the whole.',
      'all.first-flag': 'Of one, in two lines.',
      'all.second': 'Of two.',
      'all.third': 'Of the group.',
      'all.third.inner': 'Of the group.',
      'all.fourth': 'Of what is spread.',
      'all.fifth': '',
    })
  })
})

describe('cluster.yaml', () => {
  test('every field has a meaning and says what is allowed', () => {
    const fields = fieldsOfCluster(clusterSchema)
    expect(fields.length).toBeGreaterThan(40)
    for (const { path, meaning, allowed } of fields) {
      expect(meaning, path).not.toBe('')
      expect(allowed, path).not.toBe('')
    }
  })
})

describe('the node spec', () => {
  test('has every check once', () => {
    const shown = Object.values(checkGroups).flat()
    expect(shown).toEqual(checks)
  })

  test('tells of each how to look and what to do', () => {
    for (const of of Object.keys(checkGroups)) {
      const page = NodeSpec({ of })
      for (const { id } of checkGroups[of] ?? []) {
        expect(page).toContain(`{#${id}}`)
      }
      expect(page).not.toContain('undefined')
    }
  })
})

/** Whether a file has a test of this title, or a row that begins so. */
function testIn(source: string, title: string | readonly string[]): boolean {
  const text = (part: string) =>
    `(['"\`])${part.replace(/[^\w\s]/g, '\\$&')}\\${++quotes}`
  let quotes = 0
  const pattern =
    typeof title === 'string'
      ? `(?:\\b(?:test|it)(?:\\.each\\(\\w+\\))?|\\]\\))\\(\\s*${text(title)},`
      : `\\[\\s*${title.map(text).join(',\\s*')}[,\\]]`
  return new RegExp(pattern).test(source)
}

describe('the troubles', () => {
  const all = Object.values(troubles).flat()
  const code = globSync('{lib,lab,commands,steps}/**/*.ts', { cwd: root })
    .map((file) => readFileSync(join(root, file), 'utf8'))
    .join('\n')
    // A long text is put together of short ones.
    .replace(/['`] \+\s+['`]/g, '')

  test('are each there once', () => {
    const texts = all.map(({ text }) => text)
    expect(new Set(texts).size).toBe(texts.length)
  })

  test.each(all.filter(({ by }) => by === 'guide').map(({ text }) => text))(
    'our own text is in the code: %s',
    (text) => {
      for (const part of text.split('…').map((it) => it.trim())) {
        if (part.length > 3) expect(code).toContain(part)
      }
    },
  )

  test.each(all.flatMap(({ proof }) => (proof ? [proof] : [])))(
    'a test of $file: $title',
    ({ file, title }) => {
      expect(testIn(readFileSync(join(root, file), 'utf8'), title)).toBe(true)
    },
  )

  test('a name that is no whole title, or no row, proves nothing', () => {
    const source =
      "test('it breaks', () => {})\n" +
      "test.each([\n  ['swap', 'on', 3],\n])('%s is seen', () => {})\n" +
      "it.each(files)(\n  '%s is read', () => {})\n" +
      "expect(said).toBe('well')\n"
    const titles = ['it breaks', '%s is seen', '%s is read']
    for (const there of [...titles, ['swap', 'on'], ['swap']]) {
      expect(testIn(source, there), `${there}`).toBe(true)
    }
    for (const not of ['breaks', 'it', 'well', ['swap', 'off'], ['on']]) {
      expect(testIn(source, not), `${not}`).toBe(false)
    }
  })
})
