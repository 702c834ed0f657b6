import { describe, expect, test } from 'vitest'
import { collidingRoutes } from '../../lab/network.ts'

const range = '10.10.0.0/24'
const collide = (dst: string, dev = 'eth0', type?: string) =>
  collidingRoutes([{ dst, dev, ...(type && { type }) }], range, 'kfs-a')

describe('a route of the host', () => {
  test.each(['10.10.0.0/24', '10.10.0.128/25', '10.0.0.0/8', '10.10.0.7'])(
    'collides when it shares addresses: %s',
    (dst) => expect(collide(dst)).toEqual([`${dst} on eth0`]),
  )

  test.each(['10.10.1.0/24', '192.168.0.0/16', '10.11.0.1'])(
    'does not collide when it shares none: %s',
    (dst) => expect(collide(dst)).toEqual([]),
  )

  test.each(['default', '0.0.0.0/1'])(
    'does not collide when it is the way to everywhere: %s',
    (dst) => expect(collide(dst)).toEqual([]),
  )

  test("does not collide when it is the lab's own", () => {
    expect(collide('10.10.0.0/24', 'kfs-a')).toEqual([])
  })
})
