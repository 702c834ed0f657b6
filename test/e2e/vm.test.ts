import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, test } from 'vitest'
import { conditionOf } from '../../lib/conditions.ts'
import { patient } from '../../lib/patience.ts'
import { until } from '../../lib/wait.ts'
import { label as smokeTest } from '../../steps/smoke-test/workloads.ts'
import { Scene } from './faults/scene.ts'
import { Guide } from './guide.ts'
import { expectWhole, machines, virtualMachines } from './virtual.ts'
import { writeVirtual } from './vm-record.ts'

describe('the guide on virtual machines', () => virtualMachines(theRest))

/** Registers the tests that follow those of steps 01 to 09. */
function theRest(guide: Guide, booted: () => string): void {
  const bootIds = async () =>
    Promise.all(
      machines.map((it) => guide.on(it, 'cat /proc/sys/kernel/random/boot_id')),
    )

  /** A list of API objects, as kubectl gets it. */
  const list = async (...words: string[]) =>
    JSON.parse(await guide.kubectl('get', ...words, '-o', 'json')).items

  /**
   * Waits until the API server and what every kubelet says of itself and of its
   * pods is well, and newer than `since`: the last word from before a reboot is
   * that all is well, too.
   */
  async function whole(since: Date): Promise<void> {
    const newer = (time: string) => Date.parse(time) > since.getTime()
    await until(
      'the cluster is whole again',
      async () => {
        expect(await guide.kubectl('get', '--raw', '/readyz')).toBe('ok')
        const leases = await list('leases', '--namespace=kube-node-lease')
        for (const { metadata, spec } of leases)
          expect(newer(spec.renewTime), metadata.name).toBe(true)
        for (const node of await list('nodes'))
          expect(conditionOf(node, 'Ready')?.status).toBe('True')
        const pods = await list('pods', '--namespace=kube-system')
        expect(pods.length).toBeGreaterThan(0)
        for (const pod of pods) {
          expect(conditionOf(pod, 'Ready')?.status).toBe('True')
          const [{ state }] = pod.status.containerStatuses
          expect(newer(state.running?.startedAt)).toBe(true)
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
      const left = await list('namespaces', `--selector=${smokeTest}`)
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
    await expectWhole(guide, '14')
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
