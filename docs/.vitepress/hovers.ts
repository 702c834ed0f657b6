import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { transformerTwoslash } from '@shikijs/vitepress-twoslash'
import { createFileSystemTypesCache } from '@shikijs/vitepress-twoslash/cache-fs'
import type { ShikiTransformer } from 'shiki'
import ts from 'typescript'
import { docs, root } from './site.ts'

/**
 * Colors every line to its end. Left alone, the highlighter gives a line up
 * after half a second, and a busy computer would color pages differently.
 */
export function unhurried(): ShikiTransformer {
  return {
    name: 'unhurried',
    preprocess(_code, options) {
      options.tokenizeTimeLimit = 0
    },
  }
}

/**
 * Checks the types of whole files that pages quote, and keeps the type of each
 * name as an attribute: some text in the page, instead of a component and its
 * program for each of hundreds of names.
 */
export function typeHovers() {
  return transformerTwoslash({
    throws: true,
    typesCache: createFileSystemTypesCache({
      dir: join(docs, '.vitepress/cache/twoslash', fingerprint()),
    }),
    twoslashOptions: {
      vfsRoot: join(root, 'steps'),
      compilerOptions: compilerOptions(),
    },
    renderer: {
      nodeStaticInfo({ text }, node) {
        // For an imported name it says so, twice.
        const type = text.replace(/^\(alias\) |\nimport .*$/g, '')
        if (!type) return node
        const properties = { class: 'type-hover', 'data-type': type }
        const tagName = 'span'
        return { type: 'element', tagName, properties, children: [node] }
      },
    },
  })
}

function compilerOptions() {
  const file = join(root, 'tsconfig.json')
  const { compilerOptions } = ts.readConfigFile(file, ts.sys.readFile).config
  const { options } = ts.convertCompilerOptionsFromJson(compilerOptions, root)
  return options
}

/** Types of a step depend on what it imports, so a change there counts. */
function fingerprint(): string {
  const hash = createHash('sha256')
  const sources = ['lib/**/*.ts', 'steps/**/*.ts', 'tsconfig.json']
  for (const file of globSync(sources, { cwd: root }).sort()) {
    hash.update(file).update(readFileSync(join(root, file)))
  }
  return hash.digest('hex').slice(0, 12)
}
