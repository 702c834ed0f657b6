import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'

const typeA = 1
const classIn = 1
const headerLength = 12

/** What the DNS server knows: one name and its address. */
export interface Zone {
  name?: string
  address: string
}

/**
 * Answers DNS over UDP and TCP, port 53, for one name. Every other name does
 * not exist, so nothing asks any further.
 *
 * @param address where to listen
 * @see https://www.rfc-editor.org/rfc/rfc1035
 */
export async function serveDns(address: string, zone: Zone): Promise<void> {
  const udp = createSocket('udp4')
  udp.on('message', (query, client) => {
    const reply = answer(query, zone)
    if (reply) udp.send(reply, client.port, client.address)
  })
  // A client that is gone already is no reason to stop.
  udp.on('error', (error) => console.error(`dns: ${error.message}`))
  udp.bind(53, address)

  const tcp = createServer((socket) => converse(socket, zone))
  tcp.listen(53, address)
  await Promise.all([once(udp, 'listening'), once(tcp, 'listening')])
}

/**
 * The reply to one DNS message.
 *
 * @returns undefined for what is no query that could be answered
 * @see https://www.rfc-editor.org/rfc/rfc1035#section-4.1
 */
export function answer(query: Buffer, zone: Zone): Buffer | undefined {
  const question = readQuestion(query)
  if (!question) return
  const { name, type, klass, end } = question
  const known = name === zone.name?.toLowerCase()
  const found = known && type === typeA && klass === classIn
  const header = Buffer.from(query.subarray(0, headerLength))
  const recursionDesired = query.readUInt16BE(2) & 0x0100
  // A response, authoritative, recursion available; code 3: no such name.
  header.writeUInt16BE(0x8480 | recursionDesired | (known ? 0 : 3), 2)
  header.writeUInt16BE(1, 4)
  header.writeUInt16BE(found ? 1 : 0, 6)
  header.writeUInt32BE(0, 8)
  // The question goes back as it came: some resolvers compare its case.
  const parts = [header, query.subarray(headerLength, end)]
  return Buffer.concat(found ? [...parts, record(zone.address)] : parts)
}

interface Question {
  name: string
  type: number
  klass: number
  /** Where the question ends in the message. */
  end: number
}

function readQuestion(query: Buffer): Question | undefined {
  if (query.length < headerLength + 5) return
  const flags = query.readUInt16BE(2)
  const isQuery = (flags & 0xf800) === 0
  if (!isQuery || query.readUInt16BE(4) !== 1) return
  const labels: string[] = []
  let at = headerLength
  while (query[at]) {
    const length = query[at] ?? 0
    // Longer than 63 would be a pointer, which no question has.
    if (length > 63 || at + 1 + length >= query.length) return
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  const end = at + 5
  if (query.length < end) return
  return {
    name: labels.join('.').toLowerCase(),
    type: query.readUInt16BE(at + 1),
    klass: query.readUInt16BE(at + 3),
    end,
  }
}

function record(address: string): Buffer {
  const bytes = Buffer.alloc(16)
  // The name, as a pointer to where the question has it.
  bytes.writeUInt16BE(0xc000 | headerLength, 0)
  bytes.writeUInt16BE(typeA, 2)
  bytes.writeUInt16BE(classIn, 4)
  const secondsToLive = 30
  bytes.writeUInt32BE(secondsToLive, 6)
  bytes.writeUInt16BE(4, 10)
  bytes.set(address.split('.').map(Number), 12)
  return bytes
}

// Over TCP each message comes after its length.
function converse(socket: Socket, zone: Zone): void {
  let received: Buffer = Buffer.alloc(0)
  socket.setTimeout(10_000, () => socket.destroy())
  socket.on('error', () => socket.destroy())
  socket.on('data', (data: Buffer) => {
    received = Buffer.concat([received, data])
    while (received.length >= 2) {
      const end = 2 + received.readUInt16BE(0)
      if (received.length < end) return
      const reply = answer(received.subarray(2, end), zone)
      received = received.subarray(end)
      if (!reply) return socket.destroy()
      const length = Buffer.alloc(2)
      length.writeUInt16BE(reply.length)
      socket.write(Buffer.concat([length, reply]))
    }
  })
}
