import { defineConfig, type HeadConfig } from 'vitepress'
import { codeBlocks } from './code-blocks.ts'
import { dark, light } from './code-theme.ts'
import { expand } from './expand.ts'
import { typeHovers, unhurried } from './hovers.ts'
import { writeTextVersions } from './llms.ts'
import { navigation, pagesByPart, sidebar } from './pages.ts'
import { boost, tokenize } from './search.ts'
import { base, description, published, repository, title } from './site.ts'

const withText = new Set(
  pagesByPart().flatMap(({ pages }) => pages.map(({ file }) => file)),
)

function textVersion(page: string): HeadConfig {
  const title = 'This page as Markdown'
  const href = `${base}${page}`
  return ['link', { rel: 'alternate', type: 'text/markdown', href, title }]
}

export default defineConfig({
  title,
  description,
  lang: 'en-US',
  base,
  cleanUrls: true,
  // Else every page would fetch all those that its sidebar names.
  router: { prefetchLinks: false },
  lastUpdated: true,
  sitemap: published ? { hostname: published } : undefined,
  head: [
    ['link', { rel: 'icon', type: 'image/svg+xml', href: `${base}logo.svg` }],
    ['meta', { name: 'theme-color', content: '#0d6a6a' }],
  ],
  markdown: {
    theme: { light, dark },
    codeTransformers: [unhurried(), typeHovers()],
    languageLabel: { sh: 'shell', ts: 'TypeScript' },
    config(md) {
      const { fence } = md.renderer.rules
      if (fence) md.renderer.rules.fence = codeBlocks(fence as never) as never
      const render = md.renderAsync.bind(md)
      md.renderAsync = (source, env) => {
        const page = env?.relativePath ?? ''
        return render(expand(source, page), env)
      }
    },
  },
  transformPageData(page) {
    if (!page.relativePath.startsWith('reference/api/')) return
    // Made from the comments of the code: there is no page to edit.
    return {
      lastUpdated: undefined,
      frontmatter: { ...page.frontmatter, editLink: false },
    }
  },
  transformHead({ pageData, page }): HeadConfig[] {
    const path = page.replace(/(^|\/)index\.md$/, '$1').replace(/\.md$/, '')
    const social: Record<string, string> = {
      'og:type': 'article',
      'og:site_name': title,
      'og:title': pageData.title || title,
      'og:description': pageData.description || description,
      'twitter:card': 'summary_large_image',
    }
    if (published) {
      social['og:url'] = new URL(path, published).href
      social['og:image'] = new URL('social.png', published).href
    }
    return [
      ...Object.entries(social).map(([property, content]): HeadConfig => {
        return ['meta', { property, content }]
      }),
      ...(withText.has(page) ? [textVersion(page)] : []),
    ]
  },
  buildEnd: ({ outDir }) => writeTextVersions(outDir),
  themeConfig: {
    logo: { src: '/logo.svg', alt: '' },
    nav: navigation(),
    sidebar: sidebar(),
    outline: { level: [2, 3], label: 'On this page' },
    editLink: repository
      ? {
          pattern: `${repository}/edit/main/docs/:path`,
          text: 'Edit this page',
        }
      : undefined,
    socialLinks: repository ? [{ icon: 'github', link: repository }] : [],
    docFooter: { prev: 'Previous', next: 'Next' },
    externalLinkIcon: true,
    search: {
      provider: 'local',
      options: {
        // Made from code, one page for each function: it would drown the rest.
        _render: async (source, env, md) => {
          if (env.relativePath.startsWith('reference/api/')) return ''
          const html = await md.renderAsync(source, env)
          return env.frontmatter?.search === false ? '' : html
        },
        miniSearch: {
          options: { tokenize },
          searchOptions: { tokenize, boostDocument: boost },
        },
      },
    },
  },
})
