/** First and last line of the part of /etc/hosts that is ours. */
const first = '# kubernetes-from-scratch: begin'
const last = '# kubernetes-from-scratch: end'

/** The part of /etc/hosts that is ours, as an address of sed. */
export const hostsRange = `/^${first}$/,/^${last}$/`

/**
 * The part of /etc/hosts that is ours: localhost, and every machine by the
 * name that cluster.yaml gives it. It ends without a newline.
 *
 * Machines stand in the order of their names, so that moving them in
 * cluster.yaml changes nothing.
 *
 * @example
 * hostsBlock([{ name: 'cp-1', address: '10.10.0.11' }])
 */
export function hostsBlock(
  machines: readonly { name: string; address: string }[],
): string {
  const names = machines
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, address }) => `${address} ${name}`)
  return [first, '127.0.0.1 localhost', ...names, last].join('\n')
}
