// 02 Node spec: what a machine must be, checked; the rest, prepared
// Runs on: every machine · Needs: 01 · Leaves: packages, modules, parameters,
// names, and a record of what was there before

import assert from 'node:assert/strict'
import { membershipFile } from '../lib/hosts.ts'
import type { Machine } from '../lib/machine.ts'
import * as spec from '../lib/node-spec.ts'
import { step } from '../lib/step.ts'

const { cluster, on, verify, undo } = await step(import.meta, ['01'])

// #region check
// One script per machine runs every check and changes nothing. What blocks on
// any machine ends the step here, before anything was changed on any.
const survey = () => spec.surveyMachines(cluster.machines, cluster.identity)
let surveying: ReturnType<typeof survey> | undefined

await on(cluster.machines, async (machine) => {
  surveying ??= survey().then((surveys) => {
    for (const line of spec.advice(surveys)) console.log(line)
    return surveys
  })
  machine.journal.looked += spec.checks.length
  spec.requireFit(await surveying, machine.name)
})
// #endregion check

// #region membership
// From now on the machine is ours, and says so to other clusters' steps.
await on(cluster.machines, (machine) =>
  machine.file(membershipFile, `${cluster.identity}\n`),
)
// #endregion membership

// #region packages
await on(cluster.machines, async (machine) => {
  // The package would start HAProxy with a configuration that is not ours.
  // Masked before it comes, its unit never runs; step 08 brings our own.
  await spec.maskUnit(machine, 'haproxy.service')
  await spec.ensurePackages(machine)
})
// #endregion packages

// #region modules
const modulesFile = '/etc/modules-load.d/kubernetes-from-scratch.conf'
// Each with a path that exists once it works, built in or loaded.
const modules = {
  // Puts the layers of an image on top of each other.
  overlay: '/sys/module/overlay',
  // Shows packets that cross a bridge to the rules of Services.
  br_netfilter: '/proc/sys/net/bridge',
  // Remembers which pod a Service gave a connection to.
  nf_conntrack: '/proc/sys/net/netfilter/nf_conntrack_max',
  // Holds the rules of Services.
  nf_tables: '/sys/module/nf_tables',
}

await on(cluster.machines, (machine) =>
  spec.ensureModules(machine, modulesFile, modules),
)
// #endregion modules

// #region sysctls
// Files are read in the order of their names, and the last one wins.
const sysctlFile = '/etc/sysctl.d/99-zz-kubernetes-from-scratch.conf'
const sysctls = {
  // A packet from or to a pod passes through its machine.
  'net.ipv4.ip_forward': 1,
  // Two pods of one machine talk across a bridge. Unless the rules see that,
  // the answer of a Service comes from an address that nobody asked.
  'net.bridge.bridge-nf-call-iptables': 1,
  // The runtime and many programs watch files; the usual 128 are soon gone.
  'fs.inotify.max_user_instances': 8192,
  'fs.inotify.max_user_watches': 524_288,
}
// The kubelet and kube-proxy set these themselves. Undo puts them back, too.
const changedLater = [
  ...['vm.overcommit_memory', 'vm.panic_on_oom', 'kernel.panic'],
  ...['kernel.panic_on_oops', 'kernel.keys.root_maxkeys'],
  ...['kernel.keys.root_maxbytes', 'net.netfilter.nf_conntrack_max'],
  'net.netfilter.nf_conntrack_tcp_timeout_established',
  'net.netfilter.nf_conntrack_tcp_timeout_close_wait',
]

await on(cluster.machines, (machine) =>
  spec.ensureSysctls(machine, sysctlFile, sysctls, changedLater),
)
// #endregion sysctls

// #region hosts
// Names work without a DNS server, whatever the machines are called. Both
// files are copied into containers, which fail where one is missing.
await on(cluster.machines, async (machine) => {
  await spec.ensureHostNames(machine, cluster.machines)
  await spec.ensureResolverFile(machine)
})
// #endregion hosts

// #region verify
await verify('every machine meets the node spec', async () => {
  const surveys = await survey()
  const left = [
    ...spec.findingsOf(surveys, 'blocks'),
    ...spec.findingsOf(surveys, 'prepared'),
  ]
  assert.ok(left.length === 0, spec.describeFindings(left))
})

await verify('every machine finds every machine by its name', async () => {
  const names = cluster.machines.map(({ name }) => name)
  const check = async (machine: Machine) => {
    const found = await machine.read`
      for name in ${names}; do getent ahostsv4 "$name" || true; done`
    for (const { name, address } of cluster.machines) {
      assert.ok(
        found.includes(`${address} `),
        `${machine.name}: ${name} is not ${address}\n` +
          '  → see /etc/hosts there, and “hosts:” of /etc/nsswitch.conf',
      )
    }
  }
  await Promise.all(cluster.machines.map(check))
})

await verify('the parameters come back at every start', async () => {
  const names = ['net.ipv4.ip_forward', 'net.bridge.bridge-nf-call-iptables']
  const check = async (machine: Machine) => {
    const values = await spec.sysctlsAtStart(machine, names)
    for (const [name, value] of Object.entries(values)) {
      assert.ok(
        value === '1',
        `${machine.name}: ${name} is “${value}” after a start, wanted 1\n` +
          '  → systemd-analyze cat-config sysctl.d shows which file sets it',
      )
    }
  }
  await Promise.all(cluster.machines.map(check))
})
// #endregion verify

// #region undo
// What keys and data of etcd and of the kubelet are in, until --forget.
const data = ['/var/lib/etcd/member', '/var/lib/kubelet/pki']

undo(cluster.machines, async (machine) => {
  await spec.removeResolverFile(machine)
  await spec.removeHostNames(machine)
  await machine.remove(sysctlFile, modulesFile)
  await spec.restoreSysctls(machine)
  await spec.restoreModules(machine)
  await spec.restorePackages(machine)
  await spec.unmaskUnit(machine, 'haproxy.service')
  await spec.leaveCluster(machine, membershipFile, data)
})
// #endregion undo
