import { defaultVersions, entryOf } from './artifacts/catalogue.ts'
import { type Component, components } from './cluster-schema.ts'

/**
 * The versions of a component that the versions file knows, newest first. A
 * kubelet is part of a release of Kubernetes.
 *
 * @example
 * knownVersions('kubernetes') // ['1.37.1', '1.36.4']
 */
export function knownVersions(component: Component): readonly string[] {
  const entry = entryOf(component === 'kubelet' ? 'kubernetes' : component)
  const known = new Set([entry.default, ...Object.keys(entry.sha256)])
  return [...known].sort((one, other) =>
    other.localeCompare(one, 'en', { numeric: true }),
  )
}

/**
 * The version of every component: as chosen, else the default of the versions
 * file; the kubelet follows Kubernetes.
 *
 * @example
 * withDefaults({ kubernetes: '1.36.4' }).kubelet // '1.36.4'
 */
export function withDefaults(
  chosen: Partial<Record<Component, string | undefined>>,
): Record<Component, string> {
  const defaults = defaultVersions()
  const followed = { ...defaults, kubelet: chosen.kubernetes }
  const of = (component: Component) =>
    chosen[component] ?? followed[component] ?? defaults[component]
  return Object.fromEntries(
    components.map((component) => [component, of(component)]),
  ) as Record<Component, string>
}

/**
 * Which kubelets a version of Kubernetes works with: none newer than its API
 * server, none more than three minor versions older.
 *
 * @returns what is allowed, or undefined where the pair is fine
 * @example
 * kubeletSkew('1.36.4', '1.37.1') // 'a version from 1.33 to 1.36'
 * @see https://kubernetes.io/releases/version-skew-policy/#kubelet
 */
export function kubeletSkew(
  kubernetes: string,
  kubelet: string,
): string | undefined {
  const [major, minor = 0] = kubernetes.split('.').map(Number)
  const [otherMajor, other = 0] = kubelet.split('.').map(Number)
  if (major === otherMajor && other <= minor && other >= minor - 3) return
  return `a version from ${major}.${minor - 3} to ${major}.${minor}`
}
