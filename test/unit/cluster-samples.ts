import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { stringify } from 'yaml'
import { addressAt } from '../../lib/addresses.ts'

const folder = mkdtempSync(join(tmpdir(), 'cluster-file-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let count = 0

/** Writes a cluster file, gone after the tests; returns its path. */
export function write(content: unknown): string {
  count += 1
  const file = join(folder, `${count}.yaml`)
  const text = typeof content === 'string' ? content : stringify(content)
  writeFileSync(file, text)
  return file
}

/** The smallest cluster that is accepted, with fields replaced. */
export function smallest(fields: Record<string, unknown> = {}) {
  return {
    name: 'sample',
    machines: [
      {
        name: 'box',
        address: '10.10.0.11',
        roles: ['control-plane', 'worker'],
      },
    ],
    networks: {
      machines: '10.10.0.0/24',
      pods: '10.20.0.0/16',
      services: '10.30.0.0/16',
    },
    ...fields,
  }
}

/** Numbers from 0 to 1 that are the same in every run (mulberry32). */
export function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A cluster made up from a seed; all of them are right. */
export function generated(seed: number) {
  const next = random(seed)
  const pick = <T>(list: readonly T[]) =>
    list[Math.floor(next() * list.length)] as T
  const controlPlanes = pick([1, 3, 5])
  const workers = Math.floor(next() * 6)
  const machinesRange = `192.168.${Math.floor(next() * 256)}.0/24`
  const podsPerMachine = pick([23, 24, 25])
  const machines = Array.from(
    { length: controlPlanes + workers },
    (_, index) => ({
      name: `m${Math.floor(next() * 1e6)}-${index}`,
      address: addressAt(machinesRange, 20 + index * 7),
      roles:
        index >= controlPlanes
          ? ['worker']
          : workers && next() < 0.5
            ? ['control-plane']
            : ['control-plane', 'worker'],
    }),
  )
  return {
    name: `generated-${seed}`,
    machines: machines.toSorted(() => next() - 0.5),
    networks: {
      machines: machinesRange,
      pods: `10.${16 * Math.floor(next() * 8)}.0.0/${pick([12, 15, 16])}`,
      podsPerMachine,
      services: `172.${16 + Math.floor(next() * 16)}.0.0/${pick([16, 20, 28])}`,
      domain: pick(['cluster.local', 'k8s.example.com', 'lab']),
    },
    ...(next() < 0.5 && {
      endpoint: pick(['api.example.com:6443', '198.51.100.7:443']),
    }),
    versions: pick([{}, { kubernetes: '1.36.4' }, { kubelet: '1.36.4' }]),
  }
}
