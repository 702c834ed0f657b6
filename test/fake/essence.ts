import { createPublicKey } from 'node:crypto'
import type { Manifest } from '../../lib/kubernetes.ts'
import { mask } from './render.ts'
import type { FakeMachine, WorldState } from './world.ts'

/**
 * What a world is, without when and how it became so: two worlds of the same
 * essence are the same to their users.
 */
export function essence({ machines, objects }: WorldState) {
  return {
    machines: Object.fromEntries(
      Object.values(machines).map((machine) => [machine.name, still(machine)]),
    ),
    objects: Object.fromEntries(
      Object.entries(objects)
        // Kubernetes removes them by itself, after a while.
        .filter(([, { kind }]) => kind !== 'CertificateSigningRequest')
        .map(([path, object]) => [path, withoutChance(object)]),
    ),
  }
}

function still(machine: FakeMachine) {
  const { files, units, folders, registered: _, flushed: __, ...rest } = machine
  return {
    ...rest,
    // A folder like many is there when something is in it.
    folders: Object.fromEntries(
      Object.entries(folders).filter(
        ([, access]) => access !== '755 root:root',
      ),
    ),
    files: Object.fromEntries(
      Object.entries(files).map(([path, { content, mode, owner }]) => [
        path,
        { content: withoutTime(path, content), mode, owner },
      ]),
    ),
    units: Object.fromEntries(
      Object.entries(units).map(([name, { enabled, active, started }]) => {
        // What is newer than the process was not read by it.
        const stale = Object.entries(files).some(
          ([path, { time }]) =>
            time > started && path.endsWith(`/${name}.service`),
        )
        return [name, { enabled, active, stale }]
      }),
    ),
    // What the runtime kept goes with its data, at its next look.
    images: '/var/lib/containerd/meta.db' in files ? rest.images : {},
    kernel: rest.kernel.toSorted(),
    packages: rest.packages.toSorted(),
    users: rest.users.toSorted(),
    masked: rest.masked.toSorted(),
  }
}

function withoutTime(path: string, content: string): string {
  // A stamp ends with a time.
  if (path.includes('/installed/')) return content.replace(/ \d+\n$/, '')
  // What was cut off is written down again.
  if (!path.endsWith('/before/packages')) return content
  return [...new Set(content.split('\n'))].join('\n')
}

// Which node came first, and got the first subnet.
function withoutChance(object: Manifest): Manifest {
  if (object.kind !== 'Node') return object
  return { ...object, spec: { ...object.spec, podCIDR: 'some' } }
}

/**
 * What a state folder is, without what is random in it: of a key, that it is
 * whole and belongs to what is beside it.
 */
export function essenceOfState(state: Readonly<Record<string, string>>) {
  return Object.fromEntries(
    Object.entries(state)
      .filter(([path]) => path !== 'lock')
      .map(([path, content]) => [path, what(path, content, state)]),
  )
}

function what(
  path: string,
  content: string,
  state: Readonly<Record<string, string>>,
): string {
  if (path === 'steps.json') return content
  const name = path.replace(/\.key$/, '')
  if (name !== path) {
    return keyBeside(content, state[`${name}.crt`] ?? state[`${name}.pub`])
  }
  if (!path.startsWith('kubeconfig/')) return mask(content)
  const inside = (field: string) => {
    const found = new RegExp(`client-${field}-data: (\\S+)`).exec(content)
    return Buffer.from(found?.[1] ?? '', 'base64').toString()
  }
  return mask(content) + keyBeside(inside('key'), inside('certificate'))
}

function keyBeside(key: string, beside = ''): string {
  try {
    const [ours, theirs] = [key, beside].map((pem) =>
      createPublicKey(pem).export({ type: 'spki', format: 'pem' }),
    )
    return ours === theirs ? 'its key' : 'the key of something else'
  } catch (error) {
    return `broken: ${(error as Error).message}`
  }
}
