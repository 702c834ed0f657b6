import { describe, expect, test } from 'vitest'
import { answer } from '../../lab/dns.ts'

const zone = { name: 'outside.test', address: '203.0.113.10' }
const [a, aaaa, ptr] = [1, 28, 12]

describe('the DNS answer of the lab', () => {
  test('gives the address of the outside name', () => {
    const reply = answer(query('outside.test', a), zone)
    expect(reply?.toString('hex')).toBe(
      // id, flags: response + authoritative + recursion, one question, one
      // answer
      `${'1234'}${'8580'}0001000100000000` +
        // the question
        `076f757473696465047465737400${'0001'}0001` +
        // pointer to it, A, IN, 30 s, four bytes of address
        `c00c000100010000001e0004${'cb00710a'}`,
    )
  })

  test('keeps the case of the question, which some resolvers compare', () => {
    const reply = answer(query('OutSide.Test', a), zone)
    expect(reply?.toString('latin1')).toContain('OutSide')
    expect(parse(reply)).toMatchObject({ code: 0, answers: 1 })
  })

  test('has no IPv6 address for a name that exists', () => {
    const reply = answer(query('outside.test', aaaa), zone)
    expect(parse(reply)).toMatchObject({ code: 0, answers: 0 })
  })

  test.each(['example.com', 'test', 'a.outside.test', ''])(
    'says that the name "%s" does not exist',
    (name) => {
      const reply = answer(query(name, a), zone)
      expect(parse(reply)).toMatchObject({ code: 3, answers: 0 })
    },
  )

  test('knows no reverse names', () => {
    const reply = answer(query('10.113.0.203.in-addr.arpa', ptr), zone)
    expect(parse(reply)).toMatchObject({ code: 3 })
  })

  test('knows no name at all where cluster.yaml names none', () => {
    const reply = answer(query('outside.test', a), { address: '10.0.0.1' })
    expect(parse(reply)).toMatchObject({ code: 3 })
  })

  test('drops what follows the question, such as EDNS options', () => {
    const options = Buffer.from('0000291000000000000000', 'hex')
    const asked = Buffer.concat([query('outside.test', a), options])
    asked.writeUInt16BE(1, 10)
    const reply = answer(asked, zone)
    expect(reply).toEqual(answer(query('outside.test', a), zone))
  })

  test('is silent to what is no query', () => {
    const response = query('outside.test', a)
    response.writeUInt16BE(0x8180, 2)
    expect(answer(response, zone)).toBeUndefined()
    expect(answer(Buffer.alloc(0), zone)).toBeUndefined()
    expect(answer(Buffer.alloc(12), zone)).toBeUndefined()
  })

  test('is silent to a name that is cut off or points elsewhere', () => {
    const whole = query('outside.test', a)
    for (let length = 0; length < whole.length; length++) {
      expect(answer(whole.subarray(0, length), zone)).toBeUndefined()
    }
    const pointer = Buffer.from(whole)
    pointer[12] = 0xc0
    expect(answer(pointer, zone)).toBeUndefined()
  })
})

function query(name: string, type: number): Buffer {
  const labels = name.split('.').filter(Boolean)
  return Buffer.concat([
    Buffer.from('123401000001000000000000', 'hex'),
    ...labels.map((it) =>
      Buffer.from(`${String.fromCharCode(it.length)}${it}`),
    ),
    Buffer.from([0, 0, type, 0, 1]),
  ])
}

function parse(reply: Buffer | undefined) {
  if (!reply) return undefined
  return { code: reply.readUInt16BE(2) & 15, answers: reply.readUInt16BE(6) }
}
