import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, test } from 'vitest'
import { loadCluster } from '../../lib/cluster.ts'
import { conditionOf } from '../../lib/conditions.ts'
import { patient } from '../../lib/patience.ts'
import { until } from '../../lib/wait.ts'
import { label as smokeTest } from '../../steps/smoke-test/workloads.ts'
import { apiOf } from './api.ts'
import { Scene } from './faults/scene.ts'
import { expectWhole } from './faults/whole.ts'
import { Guide } from './guide.ts'
import { expectNoChanges, machines, virtualMachines } from './virtual.ts'
import { writeVirtual } from './vm-record.ts'

describe('the guide on virtual machines', () => virtualMachines(theRest))

/** Registers the tests that follow those of steps 01 to 09. */
function theRest(guide: Guide, booted: () => string): void {
  const bootIds = async () =>
    Promise.all(
      machines.map((it) => guide.on(it, 'cat /proc/sys/kernel/random/boot_id')),
    )

  // Not by kubectl: each call of it takes of the processors that the machines
  // are emulated on, just when they have most to do.
  const list = async (path: string) => apiOf(loadCluster(guide.file)).list(path)

  /**
   * Waits until the cluster and its DNS are there, by what was said after
   * `since`: the last word from before a reboot is that all is well, too.
   */
  async function whole(since: Date): Promise<void> {
    const cluster = loadCluster(guide.file)
    await until(
      'the cluster is whole again',
      async () => {
        await expectWhole(cluster, apiOf(cluster), since)
        const pods = await list('/api/v1/namespaces/kube-system/pods')
        expect(pods.length).toBeGreaterThan(0)
        for (const pod of pods) {
          expect(conditionOf(pod, 'Ready')?.status).toBe('True')
          const [{ state }] = pod.status.containerStatuses
          const started = Date.parse(state.running?.startedAt)
          expect(started).toBeGreaterThan(since.getTime())
        }
        return true
      },
      { seconds: 60 },
    )
  }

  // The smoke test shows nothing here that the checks of 12 and 13 do not.
  const verifyAll = async () => {
    const output = await guide.npm('steps', '--verify', '--to', '13')
    expect(output).toMatch(/^✓ 13 dns .*verified/m)
    expect(output).not.toContain('✗')
  }

  /** Steps the clock of the worker, and back once step 01 has noticed. */
  async function clockAhead(): Promise<string> {
    await guide.on('worker-1', 'date -s "+2 hours" >/dev/null')
    const skewed = await guide.step('01-machines', '--verify')
    expect(skewed.exitCode).toBe(1)
    expect(skewed.all).toMatch(/^worker-1: its clock is \d+ s ahead of/m)
    // A lease of the node is renewed by its own clock, and judged by another.
    await sleep(5000)
    const now = Math.round(Date.now() / 1000)
    await guide.on('worker-1', `date -s @${now} >/dev/null`)
    const right = await guide.step('01-machines', '--verify')
    expect(right.exitCode, right.all).toBe(0)
    return 'step 01 named the machine; put right, it was content'
  }

  test('steps 10 to 14 run, with every check', async () => {
    await guide.npm('steps', '--from', '10', '--to', '14')
  })

  test('a reboot of every machine brings the cluster back', async () => {
    // Kubernetes takes its time to remove what step 14 made. That is not what
    // the machines should come back with.
    await until('the smoke test is gone', async () => {
      const left = await list(`/api/v1/namespaces?labelSelector=${smokeTest}`)
      return left.length === 0
    })
    const boots = await bootIds()
    const since = new Date()
    await Promise.all(
      machines.map((it) => guide.on(it, 'systemctl reboot').catch(() => '')),
    )
    await until(
      'every machine has booted again',
      async () => (await bootIds()).every((id, at) => id !== boots[at]),
      { seconds: 120 },
    )
    await whole(since)
    await verifyAll()
    await expectNoChanges(guide, '14')
  })

  test('a clock that is stepped is noticed, and costs no write', async () => {
    const scene = await Scene.open(guide)
    try {
      await scene.during(
        'the clock of a worker two hours ahead',
        patient(20),
        clockAhead,
      )
    } finally {
      await scene.close()
    }
    await writeVirtual(guide, booted(), scene.results)
  })

  test('lab stop, start and console do to one machine what they say', async () => {
    await guide.npm('lab', 'stop', 'worker-1')
    const status = JSON.parse(await guide.npm('lab', 'status', '--json'))
    expect(status).toMatchObject([{ running: true }, { running: false }])
    await guide.npm('lab', 'start', 'worker-1')
    const console = await guide.npm('lab', 'console', 'worker-1')
    expect(console).toContain('Linux version')
    expect(console).toMatch(/Power down|System Power Off|Powering off/)
  })
}

describe('a virtual machine with Debian 12', () => {
  const older = new Guide('vm-12', 'test/e2e/vm.yaml', 170)

  afterAll(async () => {
    await older.npm('down')
  })

  test('boots as well, and step 01 is content with it', async () => {
    older.edit((cluster) => {
      cluster.lab = { machines: 'vm', os: 'debian-12' }
      const [one] = cluster.machines
      if (one)
        cluster.machines = [{ ...one, roles: ['control-plane', 'worker'] }]
    })
    await older.npm('lab', 'up', '--yes')
    expect(await older.on('cp-1', 'cat /etc/os-release')).toContain('bookworm')
    const { exitCode, all } = await older.step('01-machines')
    expect(exitCode, all).toBe(0)
  })
})
