import { resolve } from 'node:path'

export const title = 'Kubernetes from Scratch'
export const description =
  'A guide that runs: small TypeScript scripts build a real, highly ' +
  'available Kubernetes cluster over SSH, and every page quotes the code ' +
  'that ran.'

/** The checkout: pages quote files from all of it. */
export const root = resolve(import.meta.dirname, '../..')
export const docs = resolve(root, 'docs')

const server = process.env.GITHUB_SERVER_URL ?? 'https://github.com'
const name = process.env.GITHUB_REPOSITORY

/**
 * Where the code is published. A fork's workflow knows its own name, and a
 * build on somebody's computer publishes nothing, so it links to nothing.
 */
export const repository = name && `${server}/${name}`

/** Path that the site is served below, such as `/kubernetes-from-scratch/`. */
export const base = process.env.DOCS_BASE ?? '/'

/** Origin and base of the published site; absolute links need it. */
export const published = process.env.DOCS_URL

/** A path of the site, with the base before it. */
export function withBase(path: string): string {
  return base + path.replace(/^\//, '')
}

/** The page of the repository that shows a file, or a part of it. */
export function sourceLink(file: string, lines?: [number, number]): string {
  if (!repository) return withBase(`/source/${file}.txt`)
  const part = lines ? `#L${lines[0]}-L${lines[1]}` : ''
  return `${repository}/blob/main/${file}${part}`
}
