import { describe, expect, test } from 'vitest'
import { hardwareAddress, networkName } from '../../lab/names.ts'

describe('the name of a lab network', () => {
  test('is the name of the cluster where that fits', () => {
    expect(networkName('scratch')).toBe('kfs-scratch')
    expect(networkName('elevenchars')).toBe('kfs-elevenchars')
  })

  test('fits into the 15 characters of a link and stays unique', () => {
    const names = ['team-a-staging', 'team-a-storage', 'team-a-station-two']
    const networks = names.map(networkName)
    expect(new Set(networks).size).toBe(names.length)
    for (const network of networks) {
      expect(network.length).toBeLessThanOrEqual(15)
      expect(network).toMatch(/^kfs-team-a-[0-9a-f]{4}$/)
    }
  })
})

describe('the hardware address of a machine', () => {
  test('is a locally administered unicast address', () => {
    expect(hardwareAddress('scratch', 'cp-1')).toMatch(/^02(:[0-9a-f]{2}){5}$/)
  })

  test('differs between machines and between clusters', () => {
    const all = ['a', 'b'].flatMap((cluster) =>
      ['cp-1', 'cp-2'].map((machine) => hardwareAddress(cluster, machine)),
    )
    expect(new Set(all).size).toBe(4)
  })
})
