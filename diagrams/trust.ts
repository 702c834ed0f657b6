import { type Diagram, flowchart, folded } from './diagram.ts'
import { cluster } from './facts.ts'
import { authorities, certificates, holdersOf, keyPairs } from './pki.ts'

/** Certificates that differ in nothing but the machine: one line for all. */
interface Leaf {
  authority: string
  commonName: string
  organizations: readonly string[]
  usages: string
  days: number
  holder: string
}

const leaves = [
  ...new Map(
    certificates.map((certificate) => {
      const leaf = {
        authority: certificate.authority,
        commonName: general(certificate.commonName),
        organizations: certificate.organizations ?? [],
        usages: certificate.usages.join(', '),
        days: certificate.days,
        holder: holder(certificate.name),
      }
      return [general(certificate.name), leaf] as const
    }),
  ).entries(),
].map(([name, leaf]): Leaf & { name: string } => ({ name, ...leaf }))

function general(text: string): string {
  const machine = cluster.machines.find(({ name }) => text.endsWith(name))
  return machine ? text.replace(machine.name, 'NAME') : text
}

function holder(name: string): string {
  const machines = [...new Set(holdersOf(name).map(({ machines }) => machines))]
  return machines.join(' and ') || 'the operator alone'
}

const years = (days: number) => {
  const count = Math.round(days / 365)
  return `${count} year${count === 1 ? '' : 's'}`
}

const keyOf = (name: string) => holder(`${name}/ca`)

// Nobody issues this one by hand, so step 03 does not know of it.
const byManager = {
  commonName: 'system:node:NAME',
  organization: 'system:nodes',
}

const authorityBoxes = authorities.flatMap(({ name, commonName, days }) => {
  const kept = onTwoLines(keyOf(name))
  return [
    `${name}["<b>${commonName}</b><br>${years(days)}<br>key: ${kept}"]:::data`,
    ...leaves
      .filter(({ authority }) => authority === name)
      .flatMap((leaf, index) => [
        `${name}-${index}["${labelOf(leaf)}"]:::${kindOf(leaf)}`,
        `${name} --> ${name}-${index}`,
      ]),
  ]
})

function labelOf(leaf: Leaf & { name: string }): string {
  const alike = [byManager, ...leaves].filter(
    ({ commonName }) => commonName === leaf.commonName,
  )
  const [, name = ''] = leaf.name.split('/')
  return [
    ...(alike.length > 1 ? [`<b>${name}</b>`] : []),
    folded(`CN ${leaf.commonName}`),
    ...leaf.organizations.map((organization) => `O ${organization}`),
    `${leaf.usages} · ${years(leaf.days)}`,
    leaf.holder,
  ].join('<br>')
}

function onTwoLines(text: string): string {
  return text.replace(/^(\S+) (.*)/, '$1<br>$2')
}

function kindOf({ holder }: Leaf): string {
  if (holder.includes('control plane')) return 'control'
  return holder.includes('machine') ? 'node' : 'person'
}

export const trust: Diagram = {
  name: 'trust',
  title: 'Who vouches for whom',
  description:
    `The ${authorities.length} certificate authorities, what each signs, ` +
    'and where the keys are kept.',
  text: [
    ...authorities.map(
      ({ name, commonName, days }) =>
        `The authority ${commonName} is valid for ${years(days)}; its key is ` +
        `kept by the operator${
          keyOf(name).startsWith('the operator')
            ? ' alone'
            : ` and ${keyOf(name)}`
        }.`,
    ),
    ...leaves.map(
      ({ authority, commonName, organizations, usages, days, holder }) =>
        `${authority}-ca signs CN ${commonName}` +
        `${organizations.map((o) => `, O ${o}`).join('')} (${usages}), for ` +
        `${years(days)}; the key is held by ${holder}.`,
    ),
    `The controller manager signs CN ${byManager.commonName}, O ` +
      `${byManager.organization} (client) with the key of cluster-ca when a ` +
      'kubelet asks; the key never leaves the machine of that kubelet.',
    ...keyPairs.map(
      (name) =>
        `The key pair ${name} has no certificate: its private half signs ` +
        `tokens of pods. It is held by ${holder(name)}.`,
    ),
  ],
  source: flowchart('LR', [
    ...authorityBoxes,
    `cluster-asked["<b>asked for by kubelets</b><br>` +
      `CN ${byManager.commonName}<br>O ${byManager.organization}<br>` +
      'client · renews itself<br>every machine"]:::node',
    'cluster -.-> cluster-asked',
    ...keyPairs.flatMap((name) => [
      `${name}["<b>${name}</b><br>a key, and<br>no authority"]:::data`,
      `${name}-tokens["tokens of pods<br>${holder(name)}"]:::control`,
      `${name} --> ${name}-tokens`,
    ]),
  ]),
}
