interface Drawing {
  name: string
  title: string
  description: string
  source: string
  dark: boolean
}

let count = 0
let last: Promise<unknown> = Promise.resolve()

/** Draws one diagram; one after the other, because Mermaid has one state. */
export function draw(drawing: Drawing): Promise<string> {
  const drawn = last.then(() => drawNow(drawing))
  last = drawn.catch(() => {})
  return drawn
}

async function drawNow(drawing: Drawing): Promise<string> {
  const { default: mermaid } = await import('mermaid')
  mermaid.initialize({
    startOnLoad: false,
    securityLevel: 'strict',
    // The default look has shadows, which glow on a dark page.
    look: 'classic',
    theme: 'base',
    themeVariables: colors(drawing.dark),
    fontFamily: 'inherit',
    flowchart: { useMaxWidth: true, htmlLabels: true, curve: 'basis' },
    sequence: { useMaxWidth: true, mirrorActors: false },
  })
  const id = `diagram-${drawing.name}-${count++}`
  const { svg } = await mermaid.render(id, accessible(drawing))
  return legible(svg)
}

/** On a small screen it scrolls before its letters get too small to read. */
function legible(svg: string): string {
  return svg.replace(/max-width: ([\d.]+)px/, (most, width) => {
    return `${most}; --least: ${Math.round(Number(width) * 0.7)}px`
  })
}

/** The source with a title and a description that screen readers announce. */
function accessible({ source, title, description }: Drawing): string {
  const lines = decodeURIComponent(source).trim().split('\n')
  // The kind of diagram comes first; directives and comments may precede it.
  const kind = lines.findIndex((line) => /^\s*[a-z]/i.test(line))
  const oneLine = description.replaceAll(/[\n{}]/g, ' ')
  lines.splice(kind + 1, 0, `accTitle: ${title}`, `accDescr: ${oneLine}`)
  return lines.join('\n')
}

function colors(dark: boolean): Record<string, string | boolean> {
  const ink = dark ? '#e6e2d9' : '#2b2a27'
  const paper = dark ? '#24292a' : '#fffdf8'
  const line = dark ? '#8fa9a6' : '#4d6664'
  const soft = dark ? '#1f3a3a' : '#e3efec'
  const note = dark ? '#3a3120' : '#faf0d7'
  return {
    darkMode: dark,
    background: paper,
    primaryColor: soft,
    primaryTextColor: ink,
    primaryBorderColor: line,
    secondaryColor: note,
    secondaryTextColor: ink,
    tertiaryColor: paper,
    tertiaryTextColor: ink,
    lineColor: line,
    textColor: ink,
    clusterBkg: dark ? '#1b1e1f' : '#f8f5ee',
    clusterBorder: dark ? '#4a5654' : '#c9c3b5',
    edgeLabelBackground: paper,
    noteBkgColor: note,
    noteTextColor: ink,
    noteBorderColor: dark ? '#6d5c37' : '#cdb67b',
    actorBkg: soft,
    actorTextColor: ink,
    actorBorder: line,
    actorLineColor: line,
    signalColor: ink,
    signalTextColor: ink,
    labelBoxBkgColor: soft,
    labelTextColor: ink,
    loopTextColor: ink,
    activationBkgColor: soft,
    fontSize: '15px',
  }
}
