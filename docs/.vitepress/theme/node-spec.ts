import { onMounted, type Ref, reactive, ref } from 'vue'

/** Roles that a machine can have, as the checklist filters by them. */
export type Role = 'all' | 'control-plane' | 'worker'

interface Checklist {
  role: Role
  /** Ids of checks that are ticked. */
  ticked: string[]
}

const key = 'node-spec'

/** What a reader has ticked, kept in the browser. */
export const checklist = reactive<Checklist>({ role: 'all', ticked: [] })

/** Every check on the page, with the roles it is for. */
export const checks = reactive(new Map<string, string[]>())

let isLoaded = false

/**
 * Whether the component that calls this may show what was kept. Before that it
 * looks as in the page that was sent, which knows no reader and no checks: Vue
 * takes over what it finds there and repairs no difference. Components arrive
 * one by one, so others may have read and registered already.
 */
export function useLoaded(): Ref<boolean> {
  const isMounted = ref(false)
  onMounted(() => {
    load()
    isMounted.value = true
  })
  return isMounted
}

function load(): void {
  if (isLoaded) return
  isLoaded = true
  try {
    const { role, ticked } = JSON.parse(localStorage.getItem(key) ?? '{}')
    if (['all', 'control-plane', 'worker'].includes(role)) checklist.role = role
    if (Array.isArray(ticked)) checklist.ticked = ticked.map(String)
  } catch {
    // Storage that is closed or broken: the list works, and is not kept.
  }
}

/** Keeps what is ticked for the next visit. */
export function save(): void {
  try {
    localStorage.setItem(key, JSON.stringify(checklist))
  } catch {
    // As above.
  }
}

/** Whether a check is for the role that is looked at. */
export function isShown(roles: readonly string[]): boolean {
  return checklist.role === 'all' || roles.includes(checklist.role)
}
