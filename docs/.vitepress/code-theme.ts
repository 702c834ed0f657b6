import type { ThemeRegistration } from 'shiki'

interface Palette {
  foreground: string
  comment: string
  keyword: string
  string: string
  name: string
  number: string
}

/**
 * Few colors: code here is read like prose. Comments carry the reasons, so
 * they are as easy to read as the code. All reach a contrast of 4.5 on both
 * backgrounds of a block.
 */
function theme(
  name: string,
  type: 'light' | 'dark',
  background: string,
  palette: Palette,
): ThemeRegistration {
  const rule = (foreground: string, scope: string[], fontStyle?: string) => ({
    scope,
    settings: { foreground, fontStyle },
  })
  return {
    name,
    type,
    bg: background,
    fg: palette.foreground,
    settings: [
      { settings: { foreground: palette.foreground, background } },
      rule(palette.comment, ['comment', 'punctuation.definition.comment']),
      rule(palette.keyword, [
        'keyword.control',
        'keyword.operator.new',
        'keyword.operator.expression',
        'storage',
        'variable.language.this',
      ]),
      rule(palette.string, [
        'string',
        'punctuation.definition.string',
        'string.regexp',
      ]),
      rule(palette.foreground, [
        'meta.template.expression',
        'punctuation.definition.template-expression',
        'string.unquoted.argument.shell',
      ]),
      rule(palette.name, [
        'entity.name.function',
        'entity.name.command',
        'support.function',
        'entity.name.tag.yaml',
        'entity.name.type',
        'support.type.property-name',
      ]),
      rule(palette.number, [
        'constant.numeric',
        'constant.language',
        'constant.other.option',
        'constant.character.escape',
      ]),
    ],
  }
}

export const light = theme('scratch-light', 'light', '#f6f3ec', {
  foreground: '#2b2a27',
  comment: '#5f6652',
  keyword: '#8a3a1d',
  string: '#33691e',
  name: '#0b5a70',
  number: '#6d3f8f',
})

export const dark = theme('scratch-dark', 'dark', '#1d1f21', {
  foreground: '#dcd8cf',
  comment: '#a3a88f',
  keyword: '#e8a27c',
  string: '#a9c98a',
  name: '#83c3d4',
  number: '#c9a7e0',
})
