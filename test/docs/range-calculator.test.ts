import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import {
  mistakesIn,
  type Networks,
  roomIn,
} from '../../docs/.vitepress/theme/range-calculator.ts'
import { loadCluster } from '../../lib/cluster.ts'

const usual: Networks = {
  machines: '10.10.0.0/24',
  pods: '10.20.0.0/16',
  podsPerMachine: '24',
  services: '10.30.0.0/16',
}
const withField = (fields: Partial<Networks>) => ({ ...usual, ...fields })

describe('roomIn', () => {
  it('counts machines, pods and services of the usual ranges', () => {
    expect(roomIn(usual)).toEqual({
      podParts: 256,
      machineAddresses: 254,
      machines: 254,
      podAddresses: 253,
      podsPerMachine: 110,
      pods: 254 * 110,
      firstPart: '10.20.0.0/24',
      lastPart: '10.20.255.0/24',
      services: 65_534,
      kubernetesService: '10.30.0.1',
      dns: '10.30.0.10',
    })
  })

  it('agrees with the cluster about its own addresses', () => {
    const { networks, kubernetesServiceAddress, dnsAddress } =
      loadCluster('cluster.yaml')
    const podsPerMachine = String(networks.podsPerMachine)
    const room = roomIn({ ...networks, podsPerMachine })
    expect(room?.kubernetesService).toBe(kubernetesServiceAddress)
    expect(room?.dns).toBe(dnsAddress)
  })

  it('is limited by the smaller of pod range and machine range', () => {
    expect(roomIn(withField({ pods: '10.20.0.0/20' }))?.machines).toBe(16)
    expect(roomIn(withField({ machines: '10.10.0.0/28' }))?.machines).toBe(14)
  })

  it('runs fewer pods where a machine has fewer addresses', () => {
    const room = roomIn(withField({ podsPerMachine: '26' }))
    expect(room?.podAddresses).toBe(61)
    expect(room?.podsPerMachine).toBe(61)
  })

  it('says so where a service range has no tenth address', () => {
    const room = roomIn(withField({ services: '10.30.0.0/29' }))
    expect(room?.dns).toBe('none: the range is too small')
  })

  it('takes no part that is bigger than the range', () => {
    expect(roomIn(withField({ podsPerMachine: '12' }))).toBeUndefined()
  })

  it.each([
    { pods: '' },
    { pods: '10.20.0.0' },
    { services: '10.30.0.0/33' },
    { machines: '10.10.0/24' },
    { podsPerMachine: '' },
    { podsPerMachine: '/24' },
    { podsPerMachine: '31' },
  ])('waits for %o to be readable', (fields) => {
    expect(roomIn(withField(fields))).toBeUndefined()
  })
})

describe('mistakesIn', () => {
  it('finds none in the ranges of this repository', () => {
    for (const file of ['cluster.yaml', 'single.yaml']) {
      const { networks } = parse(readFileSync(file, 'utf8'))
      const podsPerMachine = String(networks.podsPerMachine)
      expect(mistakesIn({ ...networks, podsPerMachine }), file).toEqual([])
    }
  })

  it('finds an overlap, and names both ranges', () => {
    expect(mistakesIn(withField({ services: '10.20.4.0/22' }))).toEqual([
      {
        field: 'services',
        message:
          'found 10.20.4.0/22, allowed: a range that shares no address ' +
          'with networks.pods, 10.20.0.0/16',
      },
    ])
  })

  it('offers the first address of a range that starts in the middle', () => {
    const [mistake] = mistakesIn(withField({ pods: '10.20.1.0/16' }))
    expect(mistake?.message).toContain('10.20.0.0/16')
  })

  it.each([
    [{ pods: 'pods' }, 'pods', 'an IPv4 range'],
    [{ services: '' }, 'services', 'found nothing'],
    [{ podsPerMachine: 'many' }, 'podsPerMachine', 'a prefix length'],
    [{ podsPerMachine: '12' }, 'podsPerMachine', 'from 16 to 30'],
    [{ services: '10.30.0.0/29' }, 'services', 'from /12 to /28'],
    [{ machines: '127.0.0.0/24' }, 'machines', 'loopback'],
  ] as const)('says of %o what is allowed', (fields, field, words) => {
    const mistakes = mistakesIn(withField(fields))
    expect(mistakes.map((mistake) => mistake.field)).toEqual([field])
    expect(mistakes[0]?.message).toContain(words)
  })

  it('wants room for as many pods as the calculator counts', () => {
    const small = withField({ podsPerMachine: '26' })
    const { podsPerMachine } = roomIn(usual) ?? {}
    expect(mistakesIn(small)[0]?.message).toContain(
      `the ${podsPerMachine} pods`,
    )
  })

  it('takes spaces around a field for nothing', () => {
    const spaced = withField({ pods: ' 10.20.0.0/16 ', podsPerMachine: ' 24 ' })
    expect(mistakesIn(spaced)).toEqual([])
    expect(roomIn(spaced)?.machines).toBe(254)
  })
})
