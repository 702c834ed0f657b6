/**
 * Reads an amount of memory or disk as Kubernetes writes it.
 *
 * @param text a whole number with Mi or Gi
 * @returns how many MiB that is
 * @throws {RangeError} for any other text
 * @example
 * mebibytes('2Gi') // 2048
 * @see https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */
export function mebibytes(text: string): number {
  const [, number, unit] = /^(\d+)(Mi|Gi)$/.exec(text) ?? []
  if (!number) throw new RangeError(`${text} is no amount such as 512Mi or 2Gi`)
  return Number(number) * (unit === 'Gi' ? 1024 : 1)
}
