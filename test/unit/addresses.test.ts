import { describe, expect, it } from 'vitest'
import {
  addressAt,
  contains,
  formatAddress,
  overlap,
  parseAddress,
  parseRange,
  sizeOf,
} from '../../lib/addresses.ts'

describe('an IPv4 address', () => {
  it('is read as a number and written back the same', () => {
    for (const text of ['0.0.0.0', '10.30.0.1', '255.255.255.255']) {
      expect(formatAddress(parseAddress(text) ?? -1)).toBe(text)
    }
  })

  it.each([
    '10.0.0.256',
    '10.0.0',
    '10.0.0.1.2',
    '10.0.0.01',
    '10.0.0.',
    '10.0.0.-1',
    '10.0.0.1e1',
    '0x0a.0.0.1',
    ' 10.0.0.1',
    '10.0.0.1\n',
    '167772161',
    'localhost',
    '::1',
    '',
  ])('is refused when it is written %j', (text) => {
    expect(parseAddress(text)).toBeUndefined()
  })
})

describe('an IPv4 range', () => {
  it('knows its ends', () => {
    expect(parseRange('10.30.0.0/16')).toEqual({
      first: parseAddress('10.30.0.0'),
      last: parseAddress('10.30.255.255'),
      prefix: 16,
      aligned: true,
    })
  })

  it('may be everything or one address', () => {
    expect(sizeOf('0.0.0.0/0')).toBe(2 ** 32)
    expect(parseRange('255.255.255.255/32')?.last).toBe(2 ** 32 - 1)
    expect(sizeOf('10.0.0.7/32')).toBe(1)
  })

  it('knows when host bits are set, and where it really begins', () => {
    const range = parseRange('192.168.7.9/22')
    expect(range?.aligned).toBe(false)
    expect(formatAddress(range?.first ?? 0)).toBe('192.168.4.0')
  })

  it.each([
    '10.0.0.0',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/08',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '10.0.0/8',
    '/8',
  ])('is refused when it is written %j', (text) => {
    expect(parseRange(text)).toBeUndefined()
    expect(() => sizeOf(text)).toThrow('no IPv4 range')
  })

  it('gives the address at a place and refuses a place outside of it', () => {
    expect(addressAt('10.30.0.0/16', 1)).toBe('10.30.0.1')
    expect(addressAt('10.30.0.0/16', 65535)).toBe('10.30.255.255')
    expect(() => addressAt('10.30.0.0/30', 4)).toThrow('no address at place 4')
    expect(() => addressAt('10.30.0.0/30', -1)).toThrow('no address at place')
  })

  it('contains its ends and nothing beside them', () => {
    expect(contains('10.30.0.0/16', '10.30.0.0')).toBe(true)
    expect(contains('10.30.0.0/16', '10.30.255.255')).toBe(true)
    expect(contains('10.30.0.0/16', '10.29.255.255')).toBe(false)
    expect(contains('10.30.0.0/16', '10.31.0.0')).toBe(false)
    expect(contains('10.30.0.0/16', 'nonsense')).toBe(false)
  })

  it('overlaps another whichever of the two is asked', () => {
    const pairs = [
      ['10.0.0.0/8', '10.20.0.0/16', true],
      ['10.20.0.0/16', '10.20.255.255/32', true],
      ['10.20.0.0/16', '10.21.0.0/16', false],
      ['0.0.0.0/0', '240.0.0.0/4', true],
      ['nonsense', '10.0.0.0/8', false],
    ] as const
    for (const [one, other, expected] of pairs) {
      expect(overlap(one, other)).toBe(expected)
      expect(overlap(other, one)).toBe(expected)
    }
  })
})
