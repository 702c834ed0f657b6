import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadCluster } from '../../lib/cluster.ts'
import { closeSsh } from '../../lib/ssh.ts'
import { stepFiles } from '../../lib/steps.ts'
import { faultTests } from './faults.ts'
import { Guide } from './guide.ts'
import { hostTraces } from './host.ts'
import { dropped, killedAndRunAgain } from './interrupted.ts'
import { freeze } from './limits.ts'
import { pagesUndo, pagesWork } from './pages.ts'
import { nothingPrintsSecrets } from './printed.ts'
import { refusals } from './refusals.ts'

const name = 'e2e'
const guide = new Guide(name, 'cluster.yaml', 140)
const services = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'api-balancer',
  'containerd',
  'kubelet',
  'kube-proxy',
]

/** When each service of a machine was started; a restart shows. */
const startTimes = (machine: string) =>
  guide.on(
    machine,
    `systemctl show -p Id -p ExecMainStartTimestampMonotonic ${services.join(' ')}`,
  )

const readyNodes = async () => {
  const nodes = await guide.kubectl('get', 'nodes', '--no-headers')
  return nodes.split('\n').filter((line) => line.split(/\s+/)[1] === 'Ready')
}

describe('the cluster of cluster.yaml', () => {
  let before: Awaited<ReturnType<typeof hostTraces>>

  beforeAll(async () => {
    await guide.npm('down')
    before = await hostTraces([name])
  })

  afterAll(async () => {
    await guide.npm('down')
  })

  // Its checks run when the machines have been powered off and on, and those
  // of each step where it is done again.
  test('npm run up builds it, and five nodes are Ready', async () => {
    const output = await guide.npm('up', '--yes', '--no-verify')
    expect(output).toContain('kubectl')
    expect(await readyNodes()).toHaveLength(5)
    const file = await guide.npm('kubeconfig')
    expect(readFileSync(file.trim(), 'utf8')).toContain('kind: Config')
  })

  test('npm run up again changes nothing, and says so', async () => {
    const times = await startTimes('cp-1')
    const output = await guide.npm('up', '--yes', '--no-verify')
    expect(output).toContain('nothing was changed')
    expect(await startTimes('cp-1')).toBe(times)
  })

  test('lab status tells how to reach every machine', async () => {
    const status = JSON.parse(await guide.npm('lab', 'status', '--json'))
    const machines = status.machines ?? status
    expect(machines).toHaveLength(5)
    for (const machine of machines) {
      expect(machine).toMatchObject({ user: 'root', port: 22, running: true })
      expect(readFileSync(machine.key, 'utf8')).toContain('PRIVATE KEY')
    }
  })

  refusals(guide)

  test('npx zx runs one step, and each of its verbs', async () => {
    const applied = await guide.step('05-etcd')
    expect(applied.all).toContain('no changes, 3 verified')
    expect(applied.exitCode).toBe(0)
    const verified = await guide.step('05-etcd', '--verify')
    expect(verified.all).toContain('3 verified')
    const planned = await guide.step('05-etcd', '--plan')
    expect(planned.all).toContain('0 changes to make')
    const wrong = await guide.step('05-etcd', '--plan', '--verify')
    expect(wrong.exitCode).toBe(1)
    expect(wrong.all).toContain('cannot go together')
  })

  // Whoever starts finds rules that it has written before, as kube-proxy does
  // every hour without a restart: it must know them for its own.
  test('Services answer after every restart of kube-proxy', async () => {
    const { kubernetesServiceAddress, ports } = loadCluster(guide.file)
    const readyz = `https://${kubernetesServiceAddress}/readyz`
    const metrics = `127.0.0.1:${ports.kubeProxyMetrics.port}/metrics`
    const synced =
      'sync_full_proxy_rules_duration_seconds_count{ip_family="IPv4"} [1-9]'
    const answers = await guide.on(
      'worker-1',
      `set -eu
      synced() { curl -s ${metrics} | grep -q '${synced}'; }
      for time in 1 2 3; do
        systemctl restart kube-proxy
        for i in $(seq 300); do
          if synced; then break; fi
          sleep 0.2
        done
        synced
        curl -sSk --max-time 5 ${readyz}
        echo
      done`,
    )
    expect(answers.trim().split('\n')).toEqual(['ok', 'ok', 'ok'])
  })

  test('a changed setting is planned, applied and taken back', async () => {
    guide.edit((cluster) => {
      cluster.overrides = { 'control-plane': { etcd: { 'log-level': 'warn' } } }
    })
    const times = await startTimes('cp-2')
    const planned = await guide.step('05-etcd', '--plan')
    expect(planned.all).toContain('+ log-level: warn')
    expect(planned.all).toContain('restart etcd.service')
    expect(planned.all).not.toContain('PRIVATE KEY')
    expect(await startTimes('cp-2')).toBe(times)

    const applied = await guide.step('05-etcd')
    expect(applied.all).toContain('etcd.service restarted')
    expect(applied.exitCode, applied.all).toBe(0)
    guide.edit((cluster) => {
      delete cluster.overrides
    })
    expect((await guide.step('05-etcd')).exitCode).toBe(0)
  })

  faultTests(guide)

  test('undo refuses while a later step stands', async () => {
    const refused = await guide.step('05-etcd', '--undo')
    expect(refused.exitCode).toBe(1)
    expect(refused.all).toMatch(/06/)
    expect(await readyNodes()).toHaveLength(5)
  })

  test('05 to 14 are undone, killed on the way back and done, and no data is lost', async () => {
    await guide.kubectl('create', 'configmap', 'kept', '--from-literal=a=b')
    await undo('05')
    await killedAndRunAgain(guide, '05')
    expect(await readyNodes()).toHaveLength(5)
    const kept = await guide.kubectl('get', 'configmap', 'kept', '-o', 'yaml')
    expect(kept).toContain('a: b')
    await guide.kubectl('delete', 'configmap', 'kept')
  })

  test('a step that runs too early names the one that is missing', async () => {
    await undo('11')
    const early = await guide.step('13-dns')
    expect(early.exitCode).toBe(1)
    expect(early.all).toMatch(/missing 12/)
  })

  // What the test before this one took back is put back here.
  test('an upload is cut off, and the same command goes on', async () => {
    let artifacts: unknown
    guide.edit((cluster) => {
      artifacts = cluster.artifacts
      // Without a mirror, all that machines get is sent over SSH.
      delete cluster.artifacts
    })
    const step = '11-kube-proxy'
    const upload = { machine: 'worker-1', program: 'kube-proxy', step }
    const said = await dropped(guide, upload)
    expect(said).toMatch(/worker-1: could not upload .*kube-proxy/)
    expect(said).toContain('run the same command again')
    const again = await guide.step(step)
    expect(again.exitCode, again.all).toBe(0)
    guide.edit((cluster) => {
      cluster.artifacts = artifacts
    })
    await guide.npm('steps', '--no-verify', '--from', '12', '--to', '14')
    expect(await readyNodes()).toHaveLength(5)
  })

  test('two runs at once: the second says who holds the lock', async () => {
    const first = guide.tryNpm('steps', '--from', '05', '--to', '11')
    let second = await guide.step('11-kube-proxy')
    while (second.exitCode === 0 && !(await isDone(first))) {
      second = await guide.step('11-kube-proxy')
    }
    const both = [await first, second]
    const refused = both.filter(({ exitCode }) => exitCode !== 0)
    expect(refused).toHaveLength(1)
    expect(refused[0]?.all).toMatch(/process \d+/)
  })

  test('the state folder of another cluster is refused', async () => {
    const identity = join(guide.directory, 'identity')
    const ours = readFileSync(identity, 'utf8')
    writeFileSync(identity, `${name} 00000000-0000-0000-0000-000000000000\n`)
    const refused = await guide.step('05-etcd')
    writeFileSync(identity, ours)
    expect(refused.exitCode).toBe(1)
    expect(refused.all).toContain('a machine of another cluster')
  })

  test('a foreign certificate in the state folder is refused', async () => {
    const file = join(guide.directory, 'pki/etcd/etcdctl.crt')
    const ours = readFileSync(file, 'utf8')
    const other = join(guide.directory, 'pki/cluster/admin.crt')
    writeFileSync(file, readFileSync(other, 'utf8'))
    const refused = await guide.step('05-etcd')
    writeFileSync(file, ours)
    expect(refused.exitCode).toBe(1)
    expect(refused.all).toContain('pki/etcd/etcdctl.crt cannot be used')
  })

  test('a changed host key stops everything', async () => {
    const file = join(guide.directory, 'known_hosts')
    const ours = readFileSync(file, 'utf8')
    const [one = '', two = ''] = ours.trim().split('\n')
    const swapped = `${one.split(' ')[0]} ${two.split(' ').slice(1).join(' ')}`
    writeFileSync(file, ours.replace(one, swapped))
    await closeConnections()
    const refused = await guide.step('01-machines')
    writeFileSync(file, ours)
    expect(refused.exitCode).toBe(1)
    expect(refused.all).toContain('the host key is not the one seen before')
  })

  test('a machine that dies in the middle is named, and no loss', async () => {
    // It stands still, so that the step is not through with it too early.
    freeze(name, 'worker-2')
    const running = guide.step('02-node-spec')
    await sleep(2000)
    await guide.npm('lab', 'kill', 'worker-2')
    const { exitCode, all } = await running
    expect(exitCode, all).toBe(1)
    expect(all).toContain('worker-2')
    await closeConnections()
    const dead = await guide.step('09-container-runtime')
    expect(dead.exitCode).toBe(1)
    expect(dead.all).toMatch(/worker-2 .*(does not answer|connection ended)/)
    await guide.npm('up', '--yes', '--no-verify')
    expect(await readyNodes()).toHaveLength(5)
  })

  pagesWork(guide)

  test('machines in another order change nothing', async () => {
    guide.edit((cluster) => cluster.machines.reverse())
    const output = await guide.npm('up', '--yes', '--no-verify')
    expect(output).toContain('nothing was changed')
  })

  test('a worker is added, and nobody else is restarted', async () => {
    const times = await startTimes('cp-1')
    const worker = await startTimes('worker-1')
    guide.edit(({ machines }) => {
      const address = machines
        .find((machine) => machine.name === 'worker-2')
        ?.address.replace(/\.\d+$/, '.23')
      machines.push({
        name: 'worker-3',
        address: String(address),
        roles: ['worker'],
      })
    })
    // Everything is printed, for the test that looks for secrets in it.
    await guide.npm('up', '--yes', '--verbose', '--no-verify')
    expect(await readyNodes()).toHaveLength(6)
    expect(await startTimes('cp-1')).toBe(times)
    expect(await startTimes('worker-1')).toBe(worker)
    // The checks of all that a worker has.
    const spec = await guide.step('02-node-spec', '--verify')
    expect(spec.exitCode, spec.all).toBe(0)
    const checked = await guide.npm('steps', '--verify', '--from', '08')
    expect(checked).toMatch(/^✓ 14 smoke test .*verified/m)
  })

  nothingPrintsSecrets(guide, name)

  pagesUndo(guide)

  test('the caches are kept, and nothing else, by npm run down', async () => {
    await guide.npm('down')
    expect(await hostTraces([name])).toEqual(before)
    expect(await guide.npm('down')).toContain('nothing to remove')
  })

  async function undo(from: string) {
    const range = ['--from', from, '--to', '14']
    const undone = await guide.npm('steps', '--undo', ...range)
    const tookBack = [...undone.matchAll(/^✓ (\d\d) .* \d+ taken back$/gm)]
    // The smoke test leaves nothing that could be taken back.
    const changing = stepFiles()
      .map(({ number }) => number)
      .filter((number) => number >= from && number < '14')
    expect(tookBack.map(([, number]) => number)).toEqual(changing.reverse())
    const record = readFileSync(join(guide.directory, 'steps.json'), 'utf8')
    const standing = Object.keys(JSON.parse(record))
    expect(standing.filter((number) => number >= from)).toEqual([])
  }

  const isDone = (run: Promise<unknown>) =>
    Promise.race([run.then(() => true), sleep(0).then(() => false)])

  // What is already connected does not look at keys again.
  async function closeConnections() {
    const { machines, directory } = loadCluster(guide.file)
    await closeSsh(machines, directory)
  }
})
