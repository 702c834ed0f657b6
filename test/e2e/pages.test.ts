import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { partsOf, readPages, typedOn } from '../../commands/docs/pages.ts'
import { typeBlock } from '../../commands/docs/type.ts'
import { label as smokeTest } from '../../steps/smoke-test/workloads.ts'
import { commandsOf } from '../docs/fences.ts'
import { Guide } from './guide.ts'

const guide = new Guide('e2e-pages', 'cluster.yaml', 160)
const pages = readPages()
const blocks = pages.flatMap(typedOn).map((block) => ({
  ...block,
  where: `docs/${block.page.path}:${block.line}`,
}))

/** A page says to type it, so it is typed as it stands there. */
async function type(text: string, machine?: string): Promise<void> {
  const { exitCode, output } = await typeBlock(
    { text: guide.moved(text), ...(machine && { machine }) },
    { clusterFile: guide.file },
  )
  guide.keep(text, output)
  expect(exitCode, `${text}\n${output}`).toBe(0)
}

/** Names of all objects, but for those that come and go by themselves. */
async function objects(): Promise<string[]> {
  // Steps delete the namespace of a check, and do not wait for its end.
  await guide.kubectl(
    ...['wait', '--for=delete', 'namespace', '--timeout=120s'],
    ...[`--selector=${smokeTest}`],
  )
  const kinds = await guide.kubectl(
    ...['api-resources', '--verbs=list', '--output=name'],
  )
  const fleeting = /^(events|leases|componentstatuses)\b/
  const lasting = kinds.split('\n').filter((kind) => !fleeting.test(kind))
  const names = await guide.kubectl(
    ...['get', lasting.filter(Boolean).join(','), '--all-namespaces'],
    ...['--output=name', '--ignore-not-found'],
  )
  return names.split('\n').sort()
}

describe('the blocks of the pages', () => {
  let before: string[]

  beforeAll(async () => {
    await guide.npm('down')
    await guide.npm('up', '--yes', '--no-verify')
    before = await objects()
  }, 15 * 60_000)

  afterAll(async () => {
    await guide.npm('down')
  })

  test('there are some', () => {
    expect(blocks.length).toBeGreaterThan(0)
  })

  test.each(blocks)('$where', ({ text, machine }) => type(text, machine))

  test('none of them changed the cluster', async () => {
    expect(await objects()).toEqual(before)
    const again = await guide.npm('steps', '--no-verify')
    expect(again).toMatch(/^\d+ steps .*no changes$/m)
  })

  // The last step first; then what other pages say about undoing.
  const undoing = [...pages]
    .reverse()
    .sort((a, b) => Number(Boolean(b.step)) - Number(Boolean(a.step)))
    .flatMap((page) =>
      partsOf(page)
        .fences.filter(({ info }) => info === 'sh [undo]')
        .flatMap(({ text, line }) =>
          commandsOf(text).map((command) => ({
            where: `docs/${page.path}:${line}`,
            command,
          })),
        ),
    )

  test.each(undoing)('$where: $command', ({ command }) => type(command))

  test('nothing that was printed is a secret', () => {
    expect(guide.refuseSecrets().outputs).toBeGreaterThan(blocks.length)
  })
})
