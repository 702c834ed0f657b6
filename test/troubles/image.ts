import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { pathOf } from './programs.ts'

/**
 * Unpacks the file system of an image, for programs that the cache has only
 * in one.
 *
 * @returns the folder that it was unpacked to
 */
export async function unpacked(image: string, folder: string): Promise<string> {
  const parts = join(folder, `${image}-parts`)
  const root = join(folder, image)
  for (const each of [parts, root]) mkdirSync(each)
  await execa('tar', ['-xf', pathOf(image), '-C', parts])
  const [{ Layers: layers }] = JSON.parse(
    readFileSync(join(parts, 'manifest.json'), 'utf8'),
  ) as [{ Layers: string[] }]
  for (const layer of layers) {
    await execa('tar', ['-xf', join(parts, layer), '-C', root])
  }
  return root
}
