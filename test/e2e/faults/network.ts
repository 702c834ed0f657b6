// A machine that the others cannot reach, and that does not know why.

import assert from 'node:assert/strict'
import { execa } from 'execa'
import { hardwareAddress, networkName } from '../../../lab/names.ts'
import { until } from '../../../lib/wait.ts'
import { leaderAmong, leaderAndFollower } from './members.ts'
import { rounded, type Scene } from './scene.ts'

/** The control plane that leads is cut off from all others, and healed. */
export async function networkCut(scene: Scene): Promise<string> {
  const { cluster, guide, writer } = scene
  const { leader, follower } = await leaderAndFollower(cluster)
  const { port } = cluster.ports.apiServer
  await guide.on(leader.name, otherSide(follower.address, port))
  const others = cluster.controlPlanes.filter((it) => it !== leader)
  const heal = await cutOff(cluster.name, leader.name)
  try {
    await until('another member leads', () => leaderAmong(cluster, others))
    await writer.more(20)
    await until(
      'the cut has lasted as long as its other side tries',
      () => performance.now() - heal.began > otherSideSeconds * 1000,
    )
  } finally {
    await heal.now()
  }
  const seconds = rounded((performance.now() - heal.began) / 1000)
  await scene.whole()
  const said = await guide.on(
    leader.name,
    `cat ${otherSideSays}; rm ${otherSideSays} ${otherSideRuns}`,
  )
  const [before, ...alone] = said.trim().split('\n')
  // Or a wrong path would be taken for a refusal.
  assert.equal(before, 'etcd accepted, API server accepted')
  assert(alone.length > 0, 'nothing was tried while it was alone')
  for (const tried of alone) {
    assert.equal(tried, 'etcd refused, API server refused')
  }
  return (
    `${leader.name}, which led, was alone for ${seconds} s; another led, and ` +
    'on its side neither etcd nor the API server accepted a write'
  )
}

// Each write is given up after two seconds; a busy machine needs time, too.
const otherSideSeconds = 10
const otherSideRuns = '/run/other-side.sh'
const otherSideSays = '/run/other-side'

// A program on the machine that will be alone: nobody can ask it then. It
// writes once before that, and counts a later write only if the machine still
// was alone after it. To the API server it is the kubelet, which may say what
// happened to its node.
function otherSide(peer: string, apiServer: number): string {
  const pki = '/etc/etcd/pki'
  const etcdctl =
    `/usr/local/bin/etcdctl --cacert ${pki}/ca.crt --cert ${pki}/etcdctl.crt ` +
    `--key ${pki}/etcdctl.key --command-timeout 2s`
  const kubelet = '/var/lib/kubelet/pki/kubelet-client-current.pem'
  const curl =
    'curl --silent --fail --insecure --max-time 2 ' +
    `--cert ${kubelet} --key ${kubelet} ` +
    "--header 'content-type: application/json' " +
    `https://127.0.0.1:${apiServer}/api/v1/namespaces/default/events`
  const event = JSON.stringify({
    ...{ apiVersion: 'v1', kind: 'Event', type: 'Normal' },
    metadata: { generateName: 'other-side-' },
    involvedObject: { kind: 'Node', name: 'other-side' },
    ...{ reason: 'Alone', message: 'written while alone' },
  })
  return `rm -f ${otherSideSays}
cat > ${otherSideRuns} <<'END'
reached() { timeout 0.5 bash -c '</dev/tcp/${peer}/2379'; }
write() {
  etcd=refused
  api=refused
  if ${etcdctl} put /kubernetes-from-scratch/other-side x
  then etcd=accepted; fi
  if ${curl} --data '${event}'
  then api=accepted; fi
}
say() { echo "etcd $etcd, API server $api" >> ${otherSideSays}; }
if [ $1 = before ]; then write; say; exit; fi
while reached || reached; do sleep 0.1; done
while write; ! reached && ! reached; do say; done
END
    bash ${otherSideRuns} before >/dev/null 2>&1
    systemd-run --quiet --collect --unit other-side \
      bash ${otherSideRuns} alone`
}

/**
 * Drops every frame of a machine in the lab's bridge, in both directions:
 * its link stays up, as with a broken switch.
 */
async function cutOff(cluster: string, machine: string) {
  const nft = (input: string) =>
    execa(
      'nsenter',
      [`--net=/run/netns/${networkName(cluster)}`, 'nft', '--file', '-'],
      { input },
    )
  const address = hardwareAddress(cluster, machine)
  const chains = ['input', 'forward', 'output'].map(
    (hook) => `chain ${hook} {
      type filter hook ${hook} priority 0
      ether saddr ${address} drop
      ether daddr ${address} drop
    }`,
  )
  await nft(`table bridge cut {\n${chains.join('\n')}\n}\n`)
  return {
    began: performance.now(),
    now: () => nft('delete table bridge cut\n'),
  }
}
