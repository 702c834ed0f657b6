import { roles as allRoles } from '../../../lib/cluster-schema.ts'
import { kernelChecks } from '../../../lib/node-spec/kernel-checks.ts'
import { networkChecks } from '../../../lib/node-spec/network-checks.ts'
import { resourceChecks } from '../../../lib/node-spec/resource-checks.ts'
import { systemChecks } from '../../../lib/node-spec/system-checks.ts'
import {
  type Check,
  packagesNotNeeded,
  packageTable,
  type Severity,
} from '../../../lib/node-spec.ts'
import { machineSizes } from '../data/machine-sizes.ts'
import { code, plain, prose, table } from '../data/markdown.ts'

/** The checks by what they are about. */
export const checkGroups: Record<string, readonly Check[]> = {
  system: systemChecks,
  kernel: kernelChecks,
  resources: resourceChecks,
  network: networkChecks,
}

/**
 * The checklist of a machine, made from the checks of step 02.
 *
 * @param attributes `of`: a group of checks; or `packages`, `not-needed`,
 * `sizes`
 */
export function NodeSpec({ of }: { of: string }): string {
  if (of === 'packages') {
    return table(
      ['Debian, Ubuntu', 'Fedora, RHEL', 'For'],
      packageTable.map(({ debian, fedora, why }) => [
        code(debian),
        code(fedora),
        prose(why),
      ]),
    )
  }
  if (of === 'not-needed') {
    return table(
      ['Not needed', 'Because'],
      packagesNotNeeded.map(({ name, why }) => [plain(name), prose(why)]),
    )
  }
  if (of === 'sizes') {
    return table(
      [
        ...['Nodes', 'Each control plane', 'Disk of etcd'],
        ...['etcd on machines of its own', 'Figures of'],
      ],
      machineSizes.map((size) => [
        `${size.nodes}`,
        `${size.processors} processors, ${size.memory} GB`,
        size.etcdDisk,
        size.etcdAlone || '–',
        size.source,
      ]),
    )
  }
  const group = checkGroups[of]
  if (!group) throw new Error(`there are no checks named ${of}`)
  return group.map(item).join('\n\n')
}

const severities: Record<Severity, string> = {
  blocks: 'required',
  prepared: 'step 02 does it',
  advised: 'advised',
}

function item(check: Check): string {
  const { id, title, severity, roles, wanted, why, look, remedy } = check
  const whose = roles ?? allRoles
  return [
    `<NodeSpecCheck id="${id}" roles="${whose.join(' ')}" kind="${severity}">`,
    '',
    `### ${plain(title)} {#${id}}`,
    '',
    `**${severities[severity]}**${roles ? ` on ${roles.join(', ')}` : ''} · ` +
      `wanted: ${plain(wanted)}`,
    '',
    `${capital(prose(why))}.`,
    '',
    `- Look: ${code(look)}`,
    `- Otherwise: ${prose(remedy)}`,
    `- Check ${code(id)} · [source](${check.source})`,
    '',
    '</NodeSpecCheck>',
  ].join('\n')
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
