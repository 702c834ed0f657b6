import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Script, sh } from '../lib/shell.ts'
import {
  cgroupEnds,
  createCgroup,
  killCgroup,
  removeCgroup,
  thawCgroup,
} from './cgroup.ts'
import { makeIdentity } from './identity.ts'
import { launch } from './launch.ts'
import { machineFiles, writeEntries } from './machine-files.ts'
import type { MachineMaker } from './machines.ts'
import {
  consoleLog,
  isRunning,
  machineCgroup,
  machineFolder,
  recordMade,
  refuseChanged,
  supervisorsOf,
} from './made.ts'
import { workCgroup } from './names.ts'
import { bridge, insideNetwork } from './network.ts'
import type { LabMachine, LabPlan } from './plan.ts'
import { joinCgroup, shell } from './root-command.ts'
import { signal } from './signal.ts'

// Seconds that a machine may take to power off before it is killed. Its
// systemd gives a service up to 90, but none of ours needs more than a few.
const patience = 60

/**
 * Machines that are systemd-nspawn containers: each boots its own systemd on
 * a copy of the base system, with its own network link, hostname, processes
 * and users' files, on the kernel of this host.
 *
 * @param base folder of the unpacked base system; only read
 */
export function containerMachines(plan: LabPlan, base: string): MachineMaker {
  const folder = ({ name }: LabMachine) => machineFolder(plan.directory, name)
  const cgroup = ({ name }: LabMachine) => machineCgroup(plan.cluster, name)
  const log = ({ name }: LabMachine) => consoleLog(plan.directory, name)

  const kill = async (machine: LabMachine) => {
    await unplug(plan.network, machine.name)
    await killCgroup(cgroup(machine))
    await removeCgroup(cgroup(machine))
  }

  return {
    async create(machine) {
      const partial = `${folder(machine)}.partial`
      await rm(partial, { recursive: true, force: true })
      for (const name of ['upper', 'work', 'root']) {
        await mkdir(join(partial, name), { recursive: true, mode: 0o755 })
      }
      const identity = await makeIdentity(partial)
      const entries = machineFiles(plan, machine, identity)
      await writeEntries(join(partial, 'upper'), entries)
      // Not on the overlay: containerd's own overlays cannot lie on one.
      await shell(
        `copy /var/lib for ${machine.name}`,
        sh`cp -a ${base}/var/lib ${partial}/var-lib`,
        workCgroup(plan.cluster),
      )
      await recordMade(partial, machine)
      await rename(partial, folder(machine))
    },

    async start(machine) {
      // Processes of a machine whose supervisor was killed.
      await kill(machine)
      const joined = await createCgroup(`${cgroup(machine)}/boot`)
      const script = keep(joined, boot(machine, folder(machine), base))
      const inside = sh`
        ${insideNetwork(plan.network)} unshare --mount --propagation private \
          sh -euc ${script.script}`
      await launch(`${cgroup(machine)}/keeper`, inside, log(machine))
    },

    async stop(machine) {
      thawCgroup(cgroup(machine))
      // systemd-nspawn passes it on as an order to power off. Ended by that,
      // its exit code is not the one after which `keep` boots again.
      for (const pid of supervisorsOf(plan.cluster, machine.name)) {
        signal(pid, 'SIGTERM')
      }
      const off = await cgroupEnds(cgroup(machine), patience)
      await kill(machine)
      return off
    },

    kill,

    async remove(machine) {
      await kill(machine)
      await rm(folder(machine), { recursive: true, force: true })
    },

    status(machine) {
      if (!existsSync(folder(machine))) return 'missing'
      refuseChanged(folder(machine), machine)
      return isRunning(plan.cluster, machine.name) ? 'running' : 'stopped'
    },

    async hostKey(machine) {
      const file = 'upper/etc/ssh/ssh_host_ed25519_key.pub'
      const text = await readFile(join(folder(machine), file), 'utf8')
      return text.split(' ').slice(0, 2).join(' ').trim()
    },

    console: log,
  }
}

// The kernel says goodbye for a process that is killed: it ends its
// connections. A machine without power does not, and its peers have to find
// out. So its link goes first, which also makes room for the next one: the
// network of a machine outlives it while a connection is waited for.
async function unplug(network: string, machine: string): Promise<void> {
  // Named by systemd-nspawn; a long name is another one besides a short one.
  const link = `vb-${machine}`
  await shell(
    `unplug ${machine}`,
    sh`${insideNetwork(network)} ip link delete ${link} 2>/dev/null || :`,
  )
}

// Boots, and boots again after a reboot, which systemd-nspawn leaves to a
// service manager: it ends with code 133. A cgroup that had a machine in it
// takes no process any more, so each boot gets a fresh one.
function keep(cgroup: string[], command: { prepare: Script; boot: Script }) {
  const inside = joinCgroup(cgroup, command.boot)
  return sh`
    ${command.prepare}
    while :; do
      code=0
      sh -euc ${inside} || code=$?
      [ "$code" = 133 ] || exit "$code"
      for folder in ${cgroup}; do
        while [ -d "$folder" ]; do
          find "$folder" -depth -type d -exec rmdir {} ';' || sleep 0.1
        done
        mkdir "$folder"
      done
    done
    `
}

// Mounts are made in a namespace of the machine's own, so they end with it,
// however it ends. /run is covered, because nspawn keeps traces there.
function boot(machine: LabMachine, folder: string, base: string) {
  const modules = existsSync('/lib/modules') ? sh`--bind-ro=/lib/modules` : sh``
  const overlay = `lowerdir=${base},upperdir=${folder}/upper,workdir=${folder}/work`
  return {
    prepare: sh`
      mount -t tmpfs -o mode=755 tmpfs /run
      mount -t overlay -o ${overlay} overlay ${folder}/root
      `,
    boot: sh`
      export SYSTEMD_NSPAWN_API_VFS_WRITABLE=1 SYSTEMD_NSPAWN_LOCK=0
      exec systemd-nspawn --quiet --boot --directory=${folder}/root \
        --machine=${machine.name} --hostname=${machine.name} \
        --register=no --keep-unit --network-bridge=${bridge} \
        --bind=${folder}/var-lib:/var/lib --bind=/dev/null:/dev/kmsg \
        --resolv-conf=off --timezone=off --link-journal=no ${modules} \
        --capability=all \
        --system-call-filter='add_key keyctl bpf perf_event_open @mount'
      `,
  }
}
