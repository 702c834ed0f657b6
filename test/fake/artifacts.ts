import { createHash } from 'node:crypto'
import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type CacheRecord, mirrorPath } from '../../lib/artifacts/cache.ts'
import { catalogue, imageReference } from '../../lib/artifacts/catalogue.ts'

/**
 * Fills a cache with something small for every program and image of the
 * versions file, so that nothing is fetched or built.
 *
 * @param cacheHome as $XDG_CACHE_HOME
 */
export function fillCache(cacheHome: string): void {
  const root = join(cacheHome, 'kubernetes-from-scratch', 'artifacts')
  const { components } = catalogue()
  for (const { default: version, files, image } of Object.values(components)) {
    for (const name of files) {
      const wanted = { name, version, architecture: 'amd64' } as const
      const digest = `sha256:${sha256(name)}`
      const content = image
        ? `${imageReference(name, version)} ${digest}\n`
        : `${name} ${version}\n`
      const file = join(root, mirrorPath(wanted))
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, content)
      const { size, mtimeMs } = statSync(file)
      const record: CacheRecord = {
        ...{ sha256: sha256(content), size, mtimeMs, origin: 'build' },
        ...{ from: 'the tests', official: false },
        ...(image && { digest }),
      }
      writeFileSync(`${file}.json`, JSON.stringify(record))
    }
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
