/** A range of IPv4 addresses; both ends belong to it. */
export interface Range {
  /** The first address, as a number. */
  first: number
  /** The last address, as a number. */
  last: number
  /** Bits that all addresses of the range share, 0 to 32. */
  prefix: number
  /** False where host bits are set, as in `10.0.0.1/24`. */
  aligned: boolean
}

/**
 * Reads a range in CIDR notation.
 *
 * @returns undefined where the text is no IPv4 CIDR
 * @example
 * parseRange('10.30.0.0/16')?.prefix // 16
 * @see https://www.rfc-editor.org/rfc/rfc4632
 */
export function parseRange(text: string): Range | undefined {
  const [address = '', bits = '', ...rest] = text.split('/')
  const start = parseAddress(address)
  const prefix = /^(\d|[12]\d|3[0-2])$/.test(bits) ? Number(bits) : undefined
  if (start === undefined || prefix === undefined || rest.length) return
  const size = 2 ** (32 - prefix)
  const first = start - (start % size)
  return { first, last: first + size - 1, prefix, aligned: first === start }
}

/**
 * Reads an IPv4 address. A part with a leading zero is refused: some programs
 * read it as octal, others as decimal.
 *
 * @returns the address as a number, undefined where the text is none
 * @example
 * parseAddress('10.30.0.1') // 169738241
 * @see https://www.rfc-editor.org/rfc/rfc6943#section-3.1.1
 */
export function parseAddress(text: string): number | undefined {
  const parts = text.split('.')
  const fine = parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part))
  if (parts.length !== 4 || !fine) return
  const bytes = parts.map(Number)
  if (bytes.some((byte) => byte > 255)) return
  return bytes.reduce((sum, byte) => sum * 256 + byte, 0)
}

/**
 * Writes an address.
 *
 * @example
 * formatAddress(169738241) // '10.30.0.1'
 */
export function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.')
}

/**
 * The address at a place in a range; place 0 is the network itself.
 *
 * @throws Error when the text is no range or the place lies outside of it
 * @example
 * addressAt('10.30.0.0/16', 10) // '10.30.0.10'
 */
export function addressAt(range: string, place: number): string {
  const { first, last } = mustParse(range)
  if (place < 0 || first + place > last) {
    throw new Error(`${range} has no address at place ${place}`)
  }
  return formatAddress(first + place)
}

/**
 * How many addresses a range holds, network and broadcast included.
 *
 * @throws Error when the text is no range
 * @example
 * sizeOf('10.20.1.0/24') // 256
 */
export function sizeOf(range: string): number {
  const { first, last } = mustParse(range)
  return last - first + 1
}

/**
 * Whether an address lies in a range. False where either is malformed.
 *
 * @example
 * contains('10.30.0.0/16', '10.30.0.10') // true
 */
export function contains(range: string, address: string): boolean {
  const value = parseAddress(address)
  const ends = parseRange(range)
  if (value === undefined || ends === undefined) return false
  return value >= ends.first && value <= ends.last
}

/**
 * Whether two ranges share an address. False where either is malformed.
 *
 * @example
 * overlap('10.0.0.0/8', '10.20.0.0/16') // true
 */
export function overlap(one: string, other: string): boolean {
  const a = parseRange(one)
  const b = parseRange(other)
  if (!a || !b) return false
  return a.first <= b.last && b.first <= a.last
}

function mustParse(range: string): Range {
  const parsed = parseRange(range)
  if (!parsed) throw new Error(`${range} is no IPv4 range`)
  return parsed
}
