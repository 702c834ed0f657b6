import type { Manifest } from './kubernetes.ts'

/** What an object of the API says of itself under one heading. */
export interface Condition {
  type: string
  status: 'True' | 'False' | 'Unknown'
  message?: string
  lastTransitionTime?: string
}

/**
 * Finds a condition in the status of a pod, a node or the like.
 *
 * @returns undefined as long as nobody has said anything about it
 * @example
 * conditionOf(node, 'Ready')?.status === 'True'
 */
export function conditionOf(
  { status }: Manifest,
  type: string,
): Condition | undefined {
  const conditions: Condition[] = status?.conditions ?? []
  return conditions.find((condition) => condition.type === type)
}
