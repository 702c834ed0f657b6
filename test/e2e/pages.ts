// The blocks of the pages, typed as a reader types them.

import { beforeAll, describe, expect, test } from 'vitest'
import { partsOf, readPages, typedOn } from '../../commands/docs/pages.ts'
import { typeBlock } from '../../commands/docs/type.ts'
import { label as smokeTest } from '../../steps/smoke-test/workloads.ts'
import { commandsOf } from '../docs/fences.ts'
import type { Guide } from './guide.ts'

const pages = readPages()
const blocks = pages.flatMap(typedOn).map((block) => ({
  ...block,
  where: `docs/${block.page.path}:${block.line}`,
}))

/** A page says to type it, so it is typed as it stands there. */
async function type(guide: Guide, text: string, machine?: string) {
  const { exitCode, output } = await typeBlock(
    { text: guide.moved(text), ...(machine && { machine }) },
    { clusterFile: guide.file },
  )
  guide.keep(text, output)
  expect(exitCode, `${text}\n${output}`).toBe(0)
}

/** Names of all objects, but for those that come and go by themselves. */
async function objects(guide: Guide): Promise<string[]> {
  // Steps delete the namespace of a check, and do not wait for its end.
  await guide.kubectl(
    ...['wait', '--for=delete', 'namespace', '--timeout=120s'],
    ...[`--selector=${smokeTest}`],
  )
  const kinds = await guide.kubectl(
    ...['api-resources', '--verbs=list', '--output=name'],
  )
  // A request for a certificate is forgotten an hour after it was granted.
  const fleeting =
    /^(events|leases|componentstatuses|certificatesigningrequests)\b/
  const lasting = kinds.split('\n').filter((kind) => !fleeting.test(kind))
  const names = await guide.kubectl(
    ...['get', lasting.filter(Boolean).join(','), '--all-namespaces'],
    ...['--output=name', '--ignore-not-found'],
  )
  return names.split('\n').sort()
}

/** Registers a test for each block, on a cluster that is up. */
export function pagesWork(guide: Guide): void {
  describe('a block of a page works', () => {
    let before: string[]

    beforeAll(async () => {
      before = await objects(guide)
    })

    test('there are some', () => {
      expect(blocks.length).toBeGreaterThan(0)
    })

    test.each(blocks)('$where', ({ text, machine }) =>
      type(guide, text, machine),
    )

    test('none of them changed the cluster', async () => {
      expect(await objects(guide)).toEqual(before)
      await guide.stepsChangeNothing()
    })
  })
}

/** Registers a test for each block that undoes a step: the cluster is gone. */
export function pagesUndo(guide: Guide): void {
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

  describe('a block of a page undoes', () => {
    test.each(undoing)('$where: $command', ({ command }) =>
      type(guide, command),
    )

    test('and nothing that was printed is a secret', () => {
      expect(guide.refuseSecrets().outputs).toBeGreaterThan(blocks.length)
    })
  })
}
