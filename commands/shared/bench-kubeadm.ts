// A cluster by kubeadm, on machines of the lab, as its documentation says.

import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import type { Cluster } from '../../lib/cluster.ts'
import { GuideError } from '../../lib/errors.ts'
import type { Machine } from '../../lib/machine.ts'
import { type Script, sh } from '../../lib/shell.ts'
import type { LiveCluster } from '../../lib/step.ts'
import { text } from '../../lib/text.ts'
import { yaml } from '../../lib/yaml.ts'
import { routes } from '../../steps/pod-networks/routes.ts'
import type { KubeadmImages } from './bench-images.ts'
import { benchMachines, programsOfSteps } from './bench-machines.ts'

/** A machine with all that kubeadm needs, and a way to run it there. */
export interface Prepared {
  machine: Machine
  run(script: Script): Promise<string>
}

/**
 * Puts everything in place that kubeadm does not bring: its programs, the
 * unit of the kubelet, images, the pod network. The machines have containerd
 * already, by our steps. Nothing of this is in the clock.
 */
export async function prepareKubeadm(
  cluster: Cluster,
  images: KubeadmImages,
): Promise<Prepared[]> {
  const subnets = new Map(
    cluster.machines.map(({ name }, at) => [name, subnetOf(cluster, at)]),
  )
  return Promise.all(
    benchMachines(cluster).map(async ({ machine, host, entry }) => {
      await machine.install(['kubeadm', 'kubelet', 'kubectl'])
      await machine.images(programsOfSteps.images)
      const isControl = machine.is('control-plane')
      const files = isControl ? images.controlPlane : []
      for (const file of [...files, ...images.everywhere]) {
        const there = '/var/tmp/image.tar'
        await host.upload(file, there)
        await host.read(sh`
          ctr -n k8s.io images import --local ${there} >/dev/null
          rm ${there}`)
      }
      await routes.configure(
        machine,
        cluster as unknown as LiveCluster,
        subnets,
      )
      const { cgroup } = await machine.facts()
      await machine.file(
        settings,
        yamls(kubeadmSettings(cluster, entry, cgroup)),
      )
      await machine.file('/etc/systemd/system/kubelet.service', unit)
      await host.read(sh`systemctl daemon-reload; systemctl enable kubelet`)
      await machine.flush()
      return { machine, run: (script: Script) => host.read(script) }
    }),
  )
}

const settings = '/var/tmp/kubeadm.yaml'

function subnetOf({ networks }: Cluster, at: number): string {
  const [first, second] = networks.pods.split('.')
  return `${first}.${second}.${at}.0/24`
}

// As the packages of Kubernetes have it, with our path.
const unit = text`
  [Unit]
  Description=kubelet
  After=containerd.service

  [Service]
  Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf"
  Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"
  EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
  ExecStart=/usr/local/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS
  Restart=always
  RestartSec=1s
  KillMode=process

  [Install]
  WantedBy=multi-user.target
`

// Of clusters that live for a minute, on addresses of the lab alone.
const token = 'abcdef.0123456789abcdef'
const certificateKey = '0123456789abcdef'.repeat(4)

/** What kubeadm is told on one machine, as the documents of a YAML file. */
export function kubeadmSettings(
  cluster: Cluster,
  { name, address, roles }: Cluster['machines'][number],
  cgroup: number,
): object[] {
  const [first] = cluster.controlPlanes
  const endpoint = `${first?.address}:6443`
  const apiVersion = 'kubeadm.k8s.io/v1beta4'
  const nodeRegistration = {
    name,
    criSocket: 'unix:///run/containerd/containerd.sock',
    imagePullPolicy: 'Never',
    ignorePreflightErrors: ['all'],
    kubeletExtraArgs: [{ name: 'node-ip', value: address }],
  }
  const localAPIEndpoint = { advertiseAddress: address, bindPort: 6443 }
  const { pods, services, domain } = cluster.networks
  if (name !== first?.name) {
    const discovery = {
      bootstrapToken: {
        ...{ apiServerEndpoint: endpoint, token },
        unsafeSkipCAVerification: true,
      },
    }
    const join = { apiVersion, kind: 'JoinConfiguration' }
    const isControl = roles.includes('control-plane')
    const controlPlane = { localAPIEndpoint, certificateKey }
    return [
      {
        ...{ ...join, discovery, nodeRegistration },
        ...(isControl && { controlPlane }),
      },
    ]
  }
  return [
    {
      ...{ apiVersion, kind: 'InitConfiguration' },
      ...{ nodeRegistration, localAPIEndpoint, certificateKey },
      bootstrapTokens: [{ token, ttl: '1h0m0s' }],
    },
    {
      ...{ apiVersion, kind: 'ClusterConfiguration' },
      kubernetesVersion: `v${cluster.versions.kubernetes}`,
      controlPlaneEndpoint: endpoint,
      networking: {
        ...{ podSubnet: pods, serviceSubnet: services, dnsDomain: domain },
      },
      etcd: { local: { imageTag: cluster.versions.etcd } },
      dns: { imageTag: `v${cluster.versions.coredns}` },
    },
    {
      ...{ apiVersion: 'kubelet.config.k8s.io/v1beta1' },
      ...{ kind: 'KubeletConfiguration', cgroupDriver: 'systemd' },
      ...(cgroup === 1 && { failCgroupV1: false }),
      failSwapOn: false,
    },
    {
      ...{ apiVersion: 'kubeproxy.config.k8s.io/v1alpha1' },
      ...{ kind: 'KubeProxyConfiguration', mode: 'nftables' },
      // Not for a container machine to set.
      conntrack: { maxPerCore: 0, tcpEstablishedTimeout: '0s' },
    },
  ]
}

function yamls(documents: object[]): string {
  return documents.map((document) => yaml(document)).join('---\n')
}

/** When kubeadm was done with what, in milliseconds. */
export interface KubeadmTimes {
  init: number
  joins: number
}

/**
 * Runs `kubeadm init` on the first machine and `kubeadm join` on all others
 * at once, which kubeadm allows for control planes, too.
 *
 * @returns times, and the text of the administrator's kubeconfig
 */
export async function runKubeadm(
  prepared: readonly Prepared[],
): Promise<{ times: KubeadmTimes; kubeconfig: string }> {
  // To stderr, because an error shows the end of that.
  const [first, ...others] = prepared as [Prepared, ...Prepared[]]
  const began = performance.now()
  const upload = others.some(({ machine }) => machine.is('control-plane'))
  const flag = upload ? ['--upload-certs'] : []
  await first.run(sh`kubeadm init --config ${settings} ${flag} >&2`)
  const initiated = performance.now()
  await Promise.all(
    others.map(({ run }) => run(sh`kubeadm join --config ${settings} >&2`)),
  )
  return {
    times: { init: initiated - began, joins: performance.now() - initiated },
    kubeconfig: await first.run(sh`cat /etc/kubernetes/admin.conf`),
  }
}

/**
 * Waits until all nodes are Ready and a pod has had an answer from DNS.
 *
 * @param nodes how many there have to be
 */
export async function usable(
  { kubectl, kubeconfig }: { kubectl: string; kubeconfig: string },
  { nodes, image, domain }: { nodes: number; image: string; domain: string },
): Promise<void> {
  const limit = Date.now() + 180_000
  const ask = async (words: string[], input = '') => {
    const all = ['--kubeconfig', kubeconfig, ...words]
    return execa(kubectl, all, { input, reject: false })
  }
  const until = async (words: string[], wanted: RegExp, input = '') => {
    while (true) {
      const { stdout, stderr } = await ask(words, input)
      if (wanted.test(stdout)) return
      if (Date.now() > limit) {
        throw new GuideError(
          `kubectl ${words.join(' ')}: found no ${wanted}\n${stdout}${stderr}`,
          ['look at what runs beside it: the benchmark wants a quiet computer'],
        )
      }
      await sleep(100)
    }
  }
  const status = '{.status.conditions[?(@.type=="Ready")].status}'
  const ready = new RegExp(`^(True ?){${nodes}}$`)
  const line = `jsonpath={range .items[*]}${status} {end}`
  await until(['get', 'nodes', '-o', line], ready)
  const question = `until nslookup kubernetes.default.svc.${domain}
    do sleep 0.1; done`
  const pod = {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'asks-dns' } },
    spec: {
      restartPolicy: 'Never',
      tolerations: [{ operator: 'Exists' }],
      containers: [{ name: 'asks', image, command: ['sh', '-c', question] }],
    },
  }
  await until(['apply', '-f', '-'], /asks-dns/, JSON.stringify(pod))
  const phase = 'jsonpath={.status.phase}'
  await until(['get', 'pod', 'asks-dns', '-o', phase], /Succeeded/)
}
