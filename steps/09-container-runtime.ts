// 09 container runtime: what turns an image into running processes
// Runs on: every machine · Needs: 02 · Leaves: containerd.service

import assert from 'node:assert/strict'
import { imageOf } from '../lib/install.ts'
import { sh } from '../lib/shell.ts'
import { step } from '../lib/step.ts'
import { commandLine, text } from '../lib/text.ts'

const { cluster, on, verify, undo, forget } = await step(import.meta, ['02'])

const folder = '/etc/containerd'
const plugins = '/opt/cni/bin'

// #region install
// kubelet asks containerd, containerd starts a shim for each pod, the shim
// calls runc, and runc asks the kernel. The plugins in /opt/cni/bin give a
// pod its network; step 12 says which and how.
await on(cluster.machines, async (machine) => {
  await machine.install([
    'containerd',
    'containerd-shim-runc-v2',
    'ctr',
    'runc',
  ])
  await machine.install(
    ['bridge', 'host-local', 'loopback', 'portmap'],
    plugins,
  )
})
// #endregion install

// #region configure
await on(cluster.machines, async (machine) => {
  const { mayLowerOomScore } = await machine.facts()
  await machine.file(
    `${folder}/config.toml`,
    text`
      version = 3

      # The container that holds a pod's namespaces open and does nothing.
      [plugins."io.containerd.cri.v1.images".pinned_images]
      sandbox = "${imageOf('pause', cluster)}"

      [plugins."io.containerd.cri.v1.runtime"]
      # Some hosts forbid even root to protect a process from the kernel's
      # out-of-memory killer; then it must not be tried.
      restrict_oom_score_adj = ${String(!mayLowerOomScore)}

      # systemd owns the tree of cgroups. A second manager beside it would
      # count memory twice and fail under pressure, so runc asks systemd.
      [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
      SystemdCgroup = true

      # Where the kubelet fetches the streams of exec and port-forward. By
      # default a port by chance, which no table could name.
      [plugins."io.containerd.grpc.v1.cri"]
      stream_server_port = "${String(cluster.ports.containerdStreams.port)}"
    `,
  )
})
// #endregion configure

// #region start
await on(cluster.machines, (machine) =>
  machine.service('containerd', {
    unit: text`
      [Unit]
      Description=containerd, the container runtime
      Wants=network-online.target
      After=network-online.target
      StartLimitIntervalSec=0

      [Service]
      Type=notify
      ExecStart=${commandLine('/usr/local/bin/containerd', {
        config: `${folder}/config.toml`,
      })}
      Restart=always
      RestartSec=1s
      # Containers live on when containerd restarts, and keep their cgroups.
      KillMode=process
      Delegate=yes
      OOMScoreAdjust=-999
      LimitNOFILE=infinity
      # The shims of all pods are counted here: the limit that systemd sets by
      # itself would be one on pods.
      TasksMax=infinity

      [Install]
      WantedBy=multi-user.target
    `,
    reads: [folder, '/usr/local/bin/containerd', '/usr/local/bin/runc'],
  }),
)

await on(cluster.machines, (machine) => machine.images(['pause']))
// #endregion start

// #region verify
await verify('containerd serves the interface that kubelet speaks', () =>
  Promise.all(
    cluster.machines.map(async (machine) => {
      const states = await machine.read`ctr plugins ls |
      awk '$1 == "io.containerd.cri.v1" || $1 == "io.containerd.grpc.v1" &&
        $2 == "cri" { print $NF }' | sort -u`
      assert.equal(states, 'ok', `${machine.name}: the CRI plugin is ${states}`)
    }),
  ),
)

await verify('a container runs, and seccomp filters its calls', () =>
  Promise.all(
    cluster.machines.map(async (machine) => {
      // 2 is filter mode, as the kernel tells it of the running process.
      const mode = await machine.read`
        export CONTAINERD_NAMESPACE=k8s.io
        end() { ctr task kill -s 9 $id; ctr task rm -f $id; ctr c rm $id; }
        id=verify-seccomp; trap 'end >/dev/null 2>&1' EXIT
        ctr run --detach --seccomp ${imageOf('pause', cluster)} $id
        pid=$(ctr task ls | awk -v id=$id '$1 == id { print $2 }')
        awk '$1 == "Seccomp:" { print $2 }' /proc/$pid/status`
      assert.equal(mode, '2', `${machine.name}: seccomp mode ${mode}`)
    }),
  ),
)
// #endregion verify

// #region undo
undo(cluster.machines, async (machine) => {
  await machine.removeService('containerd')
  // What containers had mounted outlives them.
  const mounts = sh`awk '$2 ~ "^/(run|var/lib)/containerd/" { print $2 }' \
    /proc/mounts | sort -r`
  await machine.ensure(
    'unmounted the file systems of containers',
    sh`[ -z "$(${mounts})" ]`,
    sh`${mounts} | xargs umount`,
  )
  await machine.remove(folder, plugins, '/run/containerd')
  // What containerd makes when it starts, and the folder of the plugins.
  const own = '/opt/containerd'
  await machine.removeEmpty(`${own}/bin`, `${own}/lib`, own, '/opt/cni')
  await machine.removeEmpty('/etc/cni/net.d', '/etc/cni')
  await machine.uninstall(
    'containerd',
    'containerd-shim-runc-v2',
    'ctr',
    'runc',
  )
  // Images are downloaded again; volumes of pods are kubelet's, step 10.
  if (forget) await machine.remove('/var/lib/containerd')
})
// #endregion undo
