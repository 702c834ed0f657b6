/** One picture of the site, and the same content for who cannot see it. */
export interface Diagram {
  /** What a page calls it by: `<Diagram name="…" />`. */
  name: string
  title: string
  /** One to three sentences: what a screen reader says the picture is. */
  description: string
  /** The content as sentences, for print and where no script runs. */
  text: string[]
  /** Mermaid, without accTitle and accDescr: the component adds these. */
  source: string
}

const colors = {
  added: ['#16a34a', 2.5],
  plain: ['#8b8f98', 1],
  control: ['#3b82f6', 1.5],
  node: ['#0d9488', 1.5],
  data: ['#d97706', 1.5],
  person: ['#a855f7', 1.5],
  refused: ['#dc2626', 1.5],
} as const

/**
 * Classes for flowcharts, that read on a light and on a dark page: fills let
 * the page shine through, text keeps the color of the theme.
 *
 * - `added`: what is new, or the choice of this guide
 * - `plain`: what is there
 * - `control`: a part of the control plane
 * - `node`: a part of every node
 * - `data`: what is stored
 * - `person`: somebody, or something, outside
 * - `refused`: what is denied, or a warning
 *
 * @example
 * source: `flowchart TB\n${classes}\n  etcd[(etcd)]:::data`
 */
export const classes = Object.entries(colors)
  .map(
    ([name, [color, width]]) =>
      `  classDef ${name} fill:${color}26,stroke:${color},` +
      `stroke-width:${width}px`,
  )
  .join('\n')

/**
 * A flowchart that stays readable on a phone: its boxes are near each other,
 * and a line breaks where it is told to.
 *
 * @param direction `TB` or, for at most three boxes in a row, `LR`
 * @param lines boxes and arrows, with the classes of {@link classes}
 * @param settings for flowcharts, where these are not near enough
 * @example
 * source: flowchart('TB', ['api["kube-apiserver"]:::control --> etcd'])
 */
export function flowchart(
  direction: 'TB' | 'LR',
  lines: readonly string[],
  settings: Record<string, number> = {},
): string {
  const near = {
    wrappingWidth: 400,
    nodeSpacing: 18,
    rankSpacing: 32,
    padding: 8,
    subGraphTitleMargin: { top: 4, bottom: 8 },
    ...settings,
  }
  return [
    `flowchart ${direction}`,
    directive({ look: 'classic', flowchart: near }),
    classes,
    ...lines,
  ].join('\n')
}

/**
 * A long name on two lines, for a box that must stay narrow.
 *
 * @example
 * folded('CN system:kube-controller-manager')
 */
export function folded(name: string): string {
  return name.length > 26 ? name.replace(/:|apiserver-/, '$&<br>') : name
}

/** Settings of Mermaid for one diagram; may stand on any line but the first. */
export function directive(settings: Record<string, unknown>): string {
  return `%%{init: ${JSON.stringify(settings)}}%%`
}
