import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import purify from 'dompurify'
import mermaid from 'mermaid'
import { beforeAll, describe, expect, test } from 'vitest'
import { cluster } from '../../diagrams/facts.ts'
import { diagrams } from '../../diagrams/index.ts'
import { authorities, certificates, holdersOf } from '../../diagrams/pki.ts'
import { type Port, portsOf } from '../../lib/ports.ts'
import { stepFiles } from '../../lib/steps.ts'

const docs = resolve(import.meta.dirname, '../../docs')
const pages = readdirSync(docs, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.md') && !path.includes('node_modules'))
  .map((path) => readFileSync(join(docs, path), 'utf8'))
const used = new Set(
  pages
    .flatMap((page) => [...page.matchAll(/<Diagram\s[^>]*?name="([^"]*)"/g)])
    .map(([, name]) => name),
)

// Long names are on two lines.
const sourceOf = (name: string) =>
  (diagrams[name]?.source ?? '').replaceAll(/(?<=[:-])<br>/g, '')
const words = (name: string) =>
  sourceOf(name)
    .replaceAll(/<\/?b>/g, '')
    .split(/<br>|["\]()\n]|, | /)

beforeAll(() => {
  // There is no page here whose labels would need cleaning, and no browser to
  // clean them with.
  Object.assign(purify, { addHook: () => {}, sanitize: (text: string) => text })
})

describe.each(Object.values(diagrams))('$name', (diagram) => {
  test('is what Mermaid understands, with a title and a description', async () => {
    const lines = diagram.source.split('\n')
    expect(lines[0]).toMatch(/^[a-zA-Z]+( [A-Z]{2})?$/)
    lines.splice(1, 0, 'accTitle: title', 'accDescr: description')
    await expect(mermaid.parse(lines.join('\n'))).resolves.toBeTruthy()
  })

  test('is said in words, too', () => {
    expect(diagram.title).toMatch(/^\S.*[^.]$/)
    expect(diagram.description).toMatch(/^[A-Z].*\.$/)
    expect(diagram.text.length).toBeGreaterThan(0)
    const all = [diagram.title, diagram.description, ...diagram.text].join(' ')
    expect(all).not.toMatch(/undefined|NaN|<br>|\[object/)
    expect(diagram.source).not.toMatch(/undefined|NaN|\[object/)
  })

  test('brings no fill that hides the page, light or dark', () => {
    const fills = [...diagram.source.matchAll(/fill:([^,;\n]*)/g)]
    for (const [, fill] of fills) expect(fill).toMatch(/^(none|#\w{6}[0-4]\w)$/)
  })

  test('is on a page', () => {
    expect(used).toContain(diagram.name)
  })
})

test('every diagram that a page shows exists', () => {
  expect([...used].filter((name) => !diagrams[name as string])).toEqual([])
})

test('there is one picture of the cluster for each step', () => {
  const names = Object.keys(diagrams).filter((name) => /^after-/.test(name))
  expect(names).toEqual(stepFiles().map(({ number }) => `after-${number}`))
})

describe('communication', () => {
  const crossing = portsOf().filter(({ listens }: Port) =>
    listens.some((where) => where !== 'loopback'),
  )

  test.each(crossing)('shows port $port, $name', ({ port, last }: Port) => {
    expect(words('communication')).toContain(
      last ? `${port}–${last}` : `${port}`,
    )
  })

  test('names callers as their certificates do', () => {
    const subjects = certificates.map(({ commonName }) => commonName)
    const shown = [...sourceOf('communication').matchAll(/CN ([^"<]*)/g)]
    expect(shown.length).toBeGreaterThan(6)
    for (const [, name = ''] of shown) {
      const pattern = new RegExp(`^${name.replace('NAME', '[a-z0-9-]+')}$`)
      expect(
        subjects.some((subject) => pattern.test(subject)),
        name,
      ).toBe(true)
    }
  })
})

describe('trust', () => {
  const label = (name: string) => {
    const machine = cluster.machines.find((m) => name.endsWith(m.name))
    return machine ? name.replace(machine.name, 'NAME') : name
  }

  test.each(authorities)('shows $commonName', ({ commonName }) => {
    expect(words('trust')).toContain(commonName)
  })

  test.each(certificates)('shows $name', ({ authority, ...certificate }) => {
    const { commonName, organizations = [] } = certificate
    const box = sourceOf('trust')
      .split('\n')
      .find(
        (line) =>
          line.startsWith(`${authority}-`) &&
          line.includes(`CN ${label(commonName)}<br>`),
      )
    for (const group of organizations) expect(box).toContain(`O ${group}<br>`)
    expect(box).toBeDefined()
  })

  test('knows where every key goes, but for those of people', () => {
    const atHome = certificates.filter(({ name }) => !holdersOf(name).length)
    const names = atHome.map(({ name }) => name)
    expect(names).toEqual(['cluster/admin', 'cluster/super-admin'])
  })
})

test('the packets are of the ranges of cluster.yaml', () => {
  expect(sourceOf('packets-service')).toContain(cluster.dnsAddress)
  const [worker] = cluster.workers
  expect(sourceOf('packets-node-port')).toContain(`${worker?.address}:`)
})
