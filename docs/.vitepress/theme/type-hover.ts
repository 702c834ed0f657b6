let shown: { at: Element; note: HTMLElement } | undefined

/**
 * Shows the type of the name under the pointer, or of one that was touched; one
 * at a time. Names are no stops of Tab: a file has more than a hundred, and
 * what is behind it would be out of reach of the keyboard.
 */
export function showTypeAt({ target }: Event): void {
  const at =
    target instanceof Element ? target.closest('.type-hover') : undefined
  if (at === shown?.at) return
  hide()
  const type = at?.getAttribute('data-type')
  if (!at || !type) return

  const note = document.createElement('div')
  note.className = 'type-note'
  note.setAttribute('aria-hidden', 'true')
  note.textContent = type
  document.body.append(note)
  const { left, top, bottom } = at.getBoundingClientRect()
  const { clientWidth, clientHeight } = document.documentElement
  const most = clientWidth - note.offsetWidth - 16
  const below = bottom + 4
  const fits = below + note.offsetHeight < clientHeight
  note.style.left = `${Math.max(16, Math.min(left, most))}px`
  note.style.top = `${fits ? below : top - note.offsetHeight - 4}px`
  shown = { at, note }
}

/** What a type covers can be read without moving the pointer. */
export function hideTypeOn({ key }: KeyboardEvent): void {
  if (key === 'Escape') hide()
}

function hide() {
  shown?.note.remove()
  shown = undefined
}
