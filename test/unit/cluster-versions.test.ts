import { describe, expect, it } from 'vitest'
import { components } from '../../lib/cluster-schema.ts'
import {
  knownVersions,
  kubeletSkew,
  withDefaults,
} from '../../lib/cluster-versions.ts'

describe('versions', () => {
  it('are known for every component, the default among them', () => {
    const defaults = withDefaults({})
    for (const component of components) {
      expect(knownVersions(component)).toContain(defaults[component])
    }
  })

  it('are listed newest first', () => {
    const minors = knownVersions('kubernetes').map((version) =>
      Number(version.split('.')[1]),
    )
    expect(minors).toEqual(minors.toSorted((one, other) => other - one))
  })
})

describe('the skew between API server and kubelet', () => {
  it.each([
    ['1.37.1', '1.37.9'],
    ['1.37.1', '1.36.4'],
    ['1.37.1', '1.34.0'],
  ])('is fine for %s with %s', (kubernetes, kubelet) => {
    expect(kubeletSkew(kubernetes, kubelet)).toBeUndefined()
  })

  it.each([
    ['1.36.4', '1.37.1'],
    ['1.37.1', '1.33.9'],
    ['1.37.1', '2.37.1'],
  ])('is too great for %s with %s', (kubernetes, kubelet) => {
    expect(kubeletSkew(kubernetes, kubelet)).toMatch(/^a version from 1\.3/)
  })
})
