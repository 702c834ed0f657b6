import { architectures } from '../../../lib/artifacts/artifact.ts'
import { catalogue } from '../../../lib/artifacts/catalogue.ts'
import { compatibility, skews } from '../data/compatibility.ts'
import { code, plain, table } from '../data/markdown.ts'

/**
 * Versions.
 *
 * @param attributes `part`: `pinned`, `compatibility`, `containerd` or `skew`
 */
export function VersionTable({ part }: { part: string }): string {
  const parts = { pinned, compatibility: goesWith, containerd, skew }
  const make = parts[part as keyof typeof parts]
  if (make) return make()
  throw new Error(`there is no table of versions named ${part}`)
}

/** What this guide is tested with, and how each file is checked. */
function pinned(): string {
  const { components } = catalogue()
  return table(
    ['Component', 'Pinned hashes', 'Released at'],
    Object.entries(components).map(([name, entry]) => {
      const { default: version, sha256, release, image } = entry
      const others = Object.keys(sha256).filter((it) => it !== version)
      const found = sha256[version]
      const hashed = architectures.filter((it) => found?.[it] !== undefined)
      return [
        [
          `${code(name)} **${version}**`,
          ...(others.length > 0 ? [`also known: ${others.join(', ')}`] : []),
        ].join('<br>'),
        found && hashed.length > 0
          ? `${hashed.join(', ')}; ${tiers[found.tier]}`
          : 'none',
        code(release?.url ?? image?.reference ?? ''),
      ]
    }),
  )
}

const tiers = {
  A: 'read in a repository of Kubernetes',
  C: 'and the publisher’s file has to confirm it',
}

function goesWith(): string {
  const { components } = catalogue()
  const version = (name: string) => components[name]?.default ?? ''
  const of = (text: string) => plain(text || 'not stated')
  const tested = [
    `**${version('kubernetes')}, tested here**`,
    ...['containerd', 'etcd', 'coredns', 'pause'].map((name) =>
      code(version(name)),
    ),
    '',
  ]
  return table(
    ['Kubernetes', 'containerd, at least', 'etcd', 'CoreDNS', 'pause', 'Go'],
    [
      tested,
      ...compatibility.map((one) => [
        plain(one.kubernetes),
        of(one.containerd),
        of(one.etcd),
        of(one.coredns),
        of(one.pause),
        of(one.go),
      ]),
    ],
  )
}

/** The runtimes alone. */
function containerd(): string {
  return table(
    ['Kubernetes', 'containerd, at least'],
    compatibility.map((one) => [
      plain(one.kubernetes),
      plain(one.containerd || 'not stated'),
    ]),
  )
}

/** What the skew policy means for the version that is pinned. */
function skew(): string {
  const version = catalogue().components.kubernetes?.default ?? ''
  const [major, minor = 0] = version.split('.').map(Number)
  return table(
    [`Beside kube-apiserver ${major}.${minor}`, 'May be', 'Rule'],
    skews.map(({ component, older, newer }) => {
      const all = Array.from(
        { length: older + newer + 1 },
        (_, index) => `${major}.${minor + newer - index}`,
      )
      const rule = [
        `up to ${older} older`,
        newer ? `${newer} newer` : 'never newer',
      ]
      return [code(component), all.join(', '), rule.join(', ')]
    }),
  )
}
