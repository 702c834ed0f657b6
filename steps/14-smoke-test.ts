// 14 smoke test: the cluster does what people want a cluster for
// Runs on: the API, as its users do · Needs: 13 · Leaves: nothing

import assert from 'node:assert/strict'
import { $ } from 'zx'
import { ask } from '../lib/https.ts'
import { readKubeconfig } from '../lib/kubeconfig.ts'
import { kubectlOf } from '../lib/kubectl.ts'
import {
  type ApiError,
  KubernetesApi,
  type Manifest,
} from '../lib/kubernetes.ts'
import { createKeyPair } from '../lib/pki.ts'
import { sh } from '../lib/shell.ts'
import { notApplicable, step } from '../lib/step.ts'
import { claimsOf, signToken } from '../lib/tokens.ts'
import { until } from '../lib/wait.ts'
import { namesOf, readySince, trial } from './smoke-test/trial.ts'
import { word } from './smoke-test/workloads.ts'

const { cluster, operator, api, verify, undo, drill } = await step(
  import.meta,
  ['13'],
)

// #region tools
const {
  namespace,
  path,
  start,
  remove,
  waitFor,
  podsOf,
  bothReady,
  ...manifests
} = trial(api, cluster)

// kubectl, for what takes more than one request and one answer.
const kubectl = async () => [
  await kubectlOf(cluster),
  `--kubeconfig=${operator.path('kubeconfig/admin.yaml')}`,
  `--namespace=${namespace}`,
]

$.quiet = true
const said = async (...words: string[]) => {
  const run = await $`${await kubectl()} ${words}`.nothrow()
  assert.equal(run.exitCode, 0, `kubectl ${words.join(' ')}: ${run.stderr}`)
  return run.stdout.trim()
}

// Has a pod call another, by any name that it knows.
const dial = (pod: string, host: string, port: string) => {
  const request = { host, port, request: 'hostname', protocol: 'http' }
  const query = new URLSearchParams({ ...request, tries: '1' })
  return api().text('GET', `${path}/pods/${pod}:8080/proxy/dial?${query}`)
}

// What one API server reaches, the next may not.
const servers = () => {
  const admin = readKubeconfig(operator.read('kubeconfig/admin.yaml'))
  const { port } = cluster.ports.apiServer
  return cluster.controlPlanes.map(({ address }) => {
    const url = `https://${address}:${port}`
    return { url, api: new KubernetesApi([url], admin) }
  })
}
// #endregion tools

// #region start
// The checks below make no sense without the ones that set this.
let goOn = false
const check: typeof verify = async (title, proof) => {
  if (goOn) await verify(title, proof)
}

await verify('the API takes workloads of every kind', async () => {
  await start()
  goOn = true
})
// #endregion start

// #region secret
await check('a Secret is encrypted in etcd, a ConfigMap is not', async () => {
  const pki = '/etc/etcd/pki'
  const etcdctl = sh`etcdctl --cacert ${pki}/ca.crt \
    --cert ${pki}/etcdctl.crt --key ${pki}/etcdctl.key`
  const [member] = cluster.controlPlanes
  assert(member)
  const stored = async (kind: string) => {
    const json = await member.read`
      ${etcdctl} get --write-out json /registry/${kind}/${namespace}/word`
    const [{ value }] = JSON.parse(json).kvs
    return Buffer.from(value, 'base64').toString('latin1')
  }
  const secret = await stored('secrets')
  assert.match(secret, /^k8s:enc:secretbox:v1:key\d+:/)
  assert(!secret.includes(word), 'etcd holds the Secret for all to read')
  assert((await stored('configmaps')).includes(word))
})
// #endregion secret

// #region admission
await check('a pod that could take over its machine is refused', async () => {
  const pod = {
    metadata: { name: 'thief' },
    spec: {
      hostPID: true,
      containers: [{ name: 'x', image: 'x' }],
      volumes: [{ name: 'root', hostPath: { path: '/' } }],
    },
  }
  await assert.rejects(
    api().send('POST', `${path}/pods?dryRun=All`, pod),
    ({ status, message }: ApiError) =>
      status === 403 && message.includes('violates PodSecurity "baseline'),
  )
})
// #endregion admission

// #region rollout
let first: string[] = []

await check('a Deployment brings up its pods', async () => {
  goOn = false
  first = namesOf(await bothReady('web'))
  goOn = true
  // What follows takes seconds. It is looked at further down, and other
  // checks are made until then.
  await api().apply(manifests.web('2'))
})
// #endregion rollout

// #region extension
await check('every API server asks a webhook in a pod', async () => {
  await api().apply(manifests.webhook())
  const send = (api: KubernetesApi, value: string) =>
    api.send('POST', `${path}/configmaps?dryRun=All`, {
      metadata: { name: 'asked' },
      data: { 'webhook-e2e-test': value },
    })
  for (const { url, api } of servers()) {
    await until(`${url} refuses what the webhook refuses`, async () => {
      const refusal = await send(api, 'webhook-disallow').catch((e) => e)
      assert.match(String(refusal.message), /contains unwanted key and value/)
      return true
    })
    await send(api, 'allowed')
  }
})

await check('every API server passes an API group on to a pod', async () => {
  const manifest = manifests.apiService()
  const { name } = manifest.metadata
  const apiServices = '/apis/apiregistration.k8s.io/v1/apiservices'
  if (await api().get(`${apiServices}/${name}`)) {
    return notApplicable(`something else already serves ${name} here`)
  }
  await api().apply(manifest)
  const group = '/apis/external.metrics.k8s.io/v1beta1'
  for (const { url, api } of servers()) {
    const { items } = await until(`${url} serves ${group}`, () =>
      api.get(`${group}/namespaces/${namespace}/queue_messages_ready`),
    )
    assert.equal(items[0].value, '100')
  }
})
// #endregion extension

// #region rolled-out
await check('a rollout replaces every pod', () =>
  bothReady('web', ({ metadata }) => !first.includes(metadata.name)),
)
// #endregion rolled-out

// #region services
async function answersEverywhere(): Promise<boolean> {
  const service = await api().get(`${path}/services/web`)
  const { clusterIP, ports } = service?.spec ?? {}
  const nodePort = ports[0].nodePort as number
  const urls = [
    `http://${clusterIP}/hostname`,
    ...cluster.machines.map((m) => `http://${m.address}:${nodePort}/hostname`),
  ]
  const pods = namesOf(await podsOf('web'))
  await Promise.all(
    cluster.machines.map(async (machine) => {
      const answers = await machine.read`
        for url in ${urls}; do
          curl --silent --max-time 1 "$url" || echo "nothing from $url"
          echo
        done`
      for (const answer of answers.split('\n').filter(Boolean)) {
        assert(pods.includes(answer), `${machine.name}: ${answer}`)
      }
    }),
  )
  return true
}

// kube-proxy may be a second behind what has become of the pods.
const serviceAnswers = () => until('the Service answers', answersEverywhere)

await check('a Service answers on every machine, and its port', () =>
  serviceAnswers(),
)
// #endregion services

// #region kubectl
await check('kubectl shows the logs of a pod', async () => {
  const logs = await said('logs', 'db-0')
  assert.match(logs, /Started HTTP server on port 8080/)
})

await check('kubectl runs a command in a pod', async () => {
  assert.equal(await said('exec', 'db-0', '--', 'hostname'), 'db-0')
})

await check('kubectl forwards a port of this computer to a pod', async () => {
  const command = await kubectl()
  // It ends by itself in any case, even if nobody is left to end it.
  const forward = $`exec timeout 30 ${command} port-forward pod/db-0 :8080`
  let answer = 'nothing'
  for await (const line of forward.nothrow()) {
    const [address] = /127\.0\.0\.1:\d+/.exec(line) ?? []
    if (!address) continue
    const asked = fetch(`http://${address}/hostname`)
    answer = await asked.then((response) => response.text()).catch(String)
    forward.child?.kill()
  }
  assert.equal(answer, 'db-0')
})
// #endregion kubectl

// #region tokens
await check('the token of a pod is accepted, nothing like it is', async () => {
  const file = '/var/run/secrets/kubernetes.io/serviceaccount/token'
  const token = await said('exec', 'db-0', '--', 'cat', file)
  const authority = operator.read('pki/cluster/ca.crt')
  const url = `${servers()[0]?.url}/.well-known/openid-configuration`
  const statusFor = async (token: string) => {
    const headers = { ...(token && { authorization: `Bearer ${token}` }) }
    return (await ask(url, { authority, headers })).status
  }
  const key = operator.read('pki/service-account.key')
  const claims = claimsOf(token)
  assert.equal(await statusFor(token), 200)
  assert.equal(await statusFor(signToken(claims, key)), 200)

  const stranger = await createKeyPair()
  const refused = {
    'no token': '',
    'another key': signToken(claims, stranger.privateKey),
    'another issuer': signToken({ ...claims, iss: 'https://a.test' }, key),
    'another audience': signToken({ ...claims, aud: ['b.test'] }, key),
    'a token of the past': signToken({ ...claims, exp: 1 }, key),
  }
  for (const [what, token] of Object.entries(refused)) {
    assert.equal(await statusFor(token), 401, what)
  }
})

await check('a Job checks its token by what the issuer publishes', () => {
  const job = `/apis/batch/v1/namespaces/${namespace}/jobs/discovery`
  return waitFor('the Job is complete', async () => {
    return (await api().get(job))?.status.succeeded === 1
  })
})
// #endregion tokens

// #region stateful
await check('a StatefulSet starts its pods in order, by name', async () => {
  const [first, second] = (await bothReady('db')) as [Manifest, Manifest]
  assert.deepEqual(namesOf([first, second]), ['db-0', 'db-1'])
  const readyFirst = String(readySince(first))
  assert(readyFirst <= String(second.metadata.creationTimestamp))
  const [web = ''] = namesOf(await podsOf('web'))
  assert.match(await dial(web, 'db-1.db', '8080'), /"responses":\["db-1"\]/)
})
// #endregion stateful

// #region policy
// The bridge plugin connects pods and knows nothing of policies; the API
// takes them all the same, and does not say so. Who needs them needs a pod
// network that enforces them.
await check('a NetworkPolicy is accepted and NOT enforced here', async () => {
  assert.match(await dial('db-0', 'web', '80'), /"responses":\["web-/)
})
// #endregion policy

await verify('all of this is removed again', () => remove())

// #region drill
const gone = async () => {
  await remove()
  await until('the namespace is gone', async () => !(await api().get(path)))
}

await drill('a killed pod is replaced, db-0 by db-0', async (putBack) => {
  putBack(gone)
  await start()
  const [web] = await bothReady('web')
  const [db] = await bothReady('db')
  assert(web && db)
  for (const { metadata } of [web, db]) {
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata }
    await api().delete(pod, { gracePeriodSeconds: 0 })
  }
  const isNew = ({ metadata }: Manifest) =>
    ![web.metadata.uid, db.metadata.uid].includes(metadata.uid)
  const pods = await bothReady('web', isNew)
  assert(!namesOf(pods).includes(web.metadata.name))
  assert.deepEqual(namesOf(await bothReady('db', isNew)), ['db-0', 'db-1'])
  await serviceAnswers()
})

await drill('pods leave a worker that stops', async (putBack) => {
  if (cluster.workers.length < 2) return notApplicable('there is one worker')
  putBack(gone)
  await start()
  const nodes = (await bothReady('web')).map(({ spec }) => spec.nodeName)
  const down = cluster.workers.find(({ name }) => nodes.includes(name))
  assert(down, `web runs on ${nodes.join(' and ')}, which are no workers`)
  putBack(async () => {
    await down.run`systemctl start containerd kubelet`
    await until(`${down.name} is Ready`, async () => {
      const node = await api().get(`/api/v1/nodes/${down.name}`)
      return node && readySince(node)
    })
  })
  await down.run`systemctl stop kubelet containerd`
  // The API waits 50 seconds for a node that has fallen silent.
  await bothReady('web', ({ spec }) => spec.nodeName !== down.name, 120)
  await serviceAnswers()
})
// #endregion drill

// #region undo
undo(operator, async ({ journal }) => {
  for (const name of await remove()) journal.changes.push(`deleted ${name}`)
})
// #endregion undo
