import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { loadLab } from '../../lab/lab-file.ts'
import { type LabPlan, labPlan } from '../../lab/plan.ts'

describe('the plan of a lab', () => {
  test('gives the lab the first address and the host the last', () => {
    const plan = planOf({})
    expect(plan.gateway).toBe('10.10.0.1')
    expect(plan.operator).toBe('10.10.0.254/24')
    expect(plan.network).toBe('kfs-scratch')
  })

  test('gives the host another address when a machine has the last', () => {
    const plan = planOf({
      machines: [{ ...machine, address: '10.10.0.254' }],
    })
    expect(plan.operator).toBe('10.10.0.253/24')
  })

  test('lets DNS answer on the outside address, or else on its own', () => {
    const outside = { address: '203.0.113.10', name: 'outside.test' }
    expect(planOf({ checks: { outside } }).outside).toEqual(outside)
    expect(planOf({}).outside).toEqual({ address: '10.10.0.1' })
  })

  test('keeps a port that cluster.yaml names', () => {
    const plan = planOf({ ssh: { user: 'root', port: 2222 } })
    expect(plan.machines[0]).toMatchObject({
      name: 'cp-1',
      address: '10.10.0.11/24',
      sshPort: 2222,
    })
  })

  test('survives the way through sudo', () => {
    const plan = planOf({})
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan)
  })

  test('names everything that a lab cannot make', () => {
    const ssh = { user: 'ubuntu', host: 'cp.example.com', jump: 'bastion' }
    expect(() => planOf({ machines: [{ ...machine, ssh }] })).toThrow(
      /ssh.user is ubuntu[\s\S]*ssh.host is cp.example.com[\s\S]*ssh.jump/,
    )
  })
})

describe('a cluster.yaml', () => {
  test('without lab has no machines of ours', () => {
    expect(() => planOf({ lab: undefined })).toThrow(/not ours to make/)
  })
})

const machine = {
  name: 'cp-1',
  address: '10.10.0.11',
  roles: ['control-plane', 'worker'],
}

function planOf(fields: Record<string, unknown>): LabPlan {
  const folder = mkdtempSync(join(tmpdir(), 'kfs-lab-test-'))
  const file = join(folder, 'cluster.yaml')
  const cluster = {
    name: 'scratch',
    lab: { machines: 'container' },
    machines: [machine],
    networks: {
      machines: '10.10.0.0/24',
      pods: '10.20.0.0/16',
      podsPerMachine: 24,
      services: '10.30.0.0/16',
      domain: 'cluster.local',
    },
    ...fields,
  }
  writeFileSync(file, stringify(JSON.parse(JSON.stringify(cluster))))
  try {
    const { cluster, lab } = loadLab(file)
    return labPlan(cluster, lab, 'ssh-ed25519 AAAA')
  } finally {
    rmSync(folder, { recursive: true })
  }
}
