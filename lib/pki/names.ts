import { isIPv4, isIPv6 } from 'node:net'
import { GuideError } from '../errors.ts'

/**
 * Writes an IP address in the one form that addresses are compared in:
 * IPv6 in lower case with the longest run of zeros left out, as RFC 5952
 * asks; IPv4 as it is.
 *
 * @param address IPv4 or IPv6, without brackets, prefix length or zone
 * @throws GuideError when it is anything else
 * @example
 * canonicalAddress('FD00:0:0:0:0:0:0:1') // 'fd00::1'
 * @see https://www.rfc-editor.org/rfc/rfc5952#section-4
 */
export function canonicalAddress(address: string): string {
  if (isIPv4(address)) return address
  // A zone (fe80::1%eth0) means something on one machine alone.
  if (isIPv6(address) && !address.includes('%')) {
    return new URL(`http://[${address}]`).hostname.slice(1, -1)
  }
  throw new GuideError(
    `Not an IP address: found '${address}', wanted IPv4 or IPv6 without ` +
      'brackets, port, prefix length or zone',
  )
}

/**
 * Writes a DNS name in the form that names are compared in: lower case. A
 * leading `*.` is allowed, for whole labels are what clients match.
 *
 * @throws GuideError when a certificate cannot carry it as a DNS name, or
 * when it is an IP address: clients look for those among the addresses only
 * @example
 * canonicalName('Kubernetes.Default') // 'kubernetes.default'
 * @see https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.6
 */
export function canonicalName(name: string): string {
  const label = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/
  const lower = name.toLowerCase()
  const labels = lower.replace(/^\*\./, '').split('.')
  const valid = lower.length <= 253 && labels.every((part) => label.test(part))
  if (valid && !isIPv4(lower)) return lower
  throw new GuideError(
    `Not a DNS name: found '${name}', wanted labels of letters, digits and ` +
      'hyphens with dots between them; addresses have a list of their own',
  )
}

/**
 * The subject alternative names of an identity as node-forge takes them,
 * each once.
 *
 * @throws GuideError as {@link canonicalName} and {@link canonicalAddress}
 * @example
 * alternativeNames({ dnsNames: ['localhost'], addresses: ['127.0.0.1'] })
 * @see https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.6
 */
export function alternativeNames(identity: {
  readonly dnsNames?: readonly string[]
  readonly addresses?: readonly string[]
}): ({ type: 2; value: string } | { type: 7; ip: string })[] {
  const names = new Set(identity.dnsNames?.map(canonicalName))
  const addresses = new Set(identity.addresses?.map(canonicalAddress))
  return [
    ...[...names].map((value) => ({ type: 2 as const, value })),
    ...[...addresses].map((ip) => ({ type: 7 as const, ip })),
  ]
}
