import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { type ClusterText, Guide } from './guide.ts'
import { hostTraces } from './host.ts'

const name = 'e2e-one'
const guide = new Guide(name, 'single.yaml', 150)

/** Runs bash on its one machine. */
function onMachine(script: string): Promise<string> {
  const { machines } = parse(guide.read()) as ClusterText
  return guide.on(machines[0]?.name ?? '', script)
}

/** What a step could leave on the machine that is no file of its own. */
async function machineTraces(): Promise<string[]> {
  const printed = await onMachine(
    // Whether a user goes with the package that made it is up to the package.
    'cut -d: -f1 /etc/passwd /etc/group | grep -v haproxy | sort; ' +
      // Without the number of what is at the other end of a link.
      "ip -brief link | cut -d ' ' -f 1 | cut -d @ -f 1; " +
      // A route that stands gets a space at its end once others were flushed.
      "ip route | sed 's/ *$//'; " +
      'ls -d /etc/cni /etc/kubernetes* /opt/* /usr/libexec/kubernetes ' +
      '2>/dev/null || true',
  )
  return printed.trim().split('\n')
}

describe('the cluster of single.yaml', () => {
  let before: Awaited<ReturnType<typeof hostTraces>>
  let fresh: string[]

  beforeAll(async () => {
    await guide.npm('down')
    before = await hostTraces([name])
  })

  afterAll(async () => {
    await guide.npm('down')
  })

  test('npm run lab up makes its machine, and does nothing on it', async () => {
    await guide.npm('lab', 'up', '--yes')
    fresh = await machineTraces()
    expect(fresh).toContain('root')
    expect(fresh).not.toContain('etcd')
  })

  test('npm run up builds it, by a user who is not root', async () => {
    const status = await guide.npm('up', '--yes')
    expect(status).toContain('kubectl')
    const nodes = await guide.kubectl('get', 'nodes', '-o', 'name')
    expect(nodes.trim().split('\n')).toHaveLength(1)
  })

  test('pods run on its one machine, which is not tainted', async () => {
    const taints = await guide.kubectl(
      ...['get', 'nodes', '-o', 'jsonpath={.items[*].spec.taints}'],
    )
    expect(taints).toBe('')
  })

  test('what needs several machines is not applicable, never passed', async () => {
    const output = (await guide.step('05-etcd', '--drill')).all
    expect(output).toContain('not applicable')
    expect(output).not.toContain('1 verified')
  })

  test('a second run changes nothing', async () => {
    const output = await guide.npm('up', '--yes', '--no-verify')
    expect(output).toContain('nothing was changed')
  })

  // Up to there, because step 02 takes nft with it, and whoever cannot ask
  // finds no table.
  test('undone up to the node spec, no rule is left in the kernel', async () => {
    expect(await onMachine('sudo nft list tables')).toContain('kube-proxy')
    await guide.npm('steps', '--undo', '--from', '03', '--forget')
    expect((await onMachine('sudo nft list tables')).trim()).toBe('')
  })

  test('everything is undone with --forget, and no file is left of it', async () => {
    await guide.npm('steps', '--undo', '--from', '01', '--forget')
    const left = await onMachine(
      'sudo find /etc/kubernetes* /etc/etcd /var/lib/etcd /var/lib/kubelet ' +
        '/var/lib/containerd /usr/local/bin /opt/cni /etc/cni ' +
        '-not -type d 2>/dev/null; ' +
        'systemctl list-unit-files --no-legend | ' +
        "grep -E 'etcd|kube|containerd|api-balancer|pod-network' || true",
    )
    expect(left.trim()).toBe('')
  })

  test('nor a link, route, user or folder', async () => {
    expect(await machineTraces()).toEqual(fresh)
  })

  test('nothing that was printed is a secret', () => {
    expect(guide.refuseSecrets().secrets).toBeGreaterThan(50)
  })

  test('npm run down leaves nothing on this host', async () => {
    await guide.npm('down')
    expect(await hostTraces([name])).toEqual(before)
  })
})
