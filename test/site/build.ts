import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import type { TestProject } from 'vitest/node'
import { root } from '../../docs/.vitepress/site.ts'
import { seconds } from '../../lib/report.ts'
import { serve } from './server.ts'

/** The built site, for the tests. */
export interface Built {
  /** Where it is served, ending in the path below which it is. */
  url: string
  /** The folder it was built into. */
  folder: string
}

declare module 'vitest' {
  interface ProvidedContext {
    site: Built
  }
}

// As GitHub Pages serves it: not from the root of a host.
const base = '/kubernetes-from-scratch/'

/** Where the site says that it is published. Nobody is asked there. */
export const published = `https://someone.example${base}`

/** Where the site says that its code is. Nobody is asked there either. */
export const repository = 'https://someone.example/someone/guide'

/**
 * Builds the site once for all tests, and serves it. `SITE=folder` takes one
 * that was built before, for who writes these tests.
 */
export default async function setup(project: TestProject) {
  const own = process.env.SITE
  const folder = own ?? mkdtempSync(join(tmpdir(), 'kfs-site-'))
  const remove = () => {
    if (!own) rmSync(folder, { recursive: true, force: true })
  }
  try {
    if (!own) await build(folder)
    const server = await serve(folder, base)
    project.provide('site', { url: server.url, folder })
    return async () => {
      await server.close()
      remove()
    }
  } catch (error) {
    remove()
    throw error
  }
}

async function build(folder: string): Promise<void> {
  const env = {
    // What vitest has set would build a site for debugging.
    NODE_ENV: 'production',
    DOCS_BASE: base,
    DOCS_URL: published,
    GITHUB_SERVER_URL: new URL(repository).origin,
    GITHUB_REPOSITORY: new URL(repository).pathname.slice(1),
  }
  const options = { cwd: root, env, all: true, preferLocal: true }
  const began = performance.now()
  await execa('npm', ['run', '-s', 'docs:api'], options)
  await execa('vitepress', ['build', 'docs', '--outDir', folder], options)
  // A figure and no limit: how busy a computer is says nothing of the site.
  const took = seconds(performance.now() - began)
  console.log(`site built in ${took}, processors: ${availableParallelism()}`)
}
