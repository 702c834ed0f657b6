import { existsSync } from 'node:fs'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { type Script, sh } from '../lib/shell.ts'
import { cgroupEnds, killCgroup, removeCgroup } from './cgroup.ts'
import { imageFiles } from './disk-image.ts'
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
} from './made.ts'
import { tapName, workCgroup } from './names.ts'
import { bridge, insideNetwork } from './network.ts'
import type { LabMachine, LabPlan } from './plan.ts'
import {
  type Accelerator,
  machineFilesOf,
  qemu,
  qemuArguments,
} from './qemu.ts'
import { shell } from './root-command.ts'

// An emulated machine with a cluster on it has a lot to end.
const secondsToPowerOff = 300

/**
 * Machines that QEMU makes of this host's processor and memory, or of its
 * processor's emulation: each has a kernel, a disk and a clock of its own.
 *
 * @param image folder of disk, kernel and initrd; only read
 */
export function virtualMachines(
  plan: LabPlan,
  image: string,
  accelerator: Accelerator['name'],
): MachineMaker {
  const folder = ({ name }: LabMachine) => machineFolder(plan.directory, name)
  const cgroup = ({ name }: LabMachine) => machineCgroup(plan.cluster, name)

  const kill = async (machine: LabMachine) => {
    await killCgroup(cgroup(machine))
    await removeCgroup(cgroup(machine))
  }

  return {
    async create(machine) {
      const partial = `${folder(machine)}.partial`
      await rm(partial, { recursive: true, force: true })
      await mkdir(join(partial, 'identity'), { recursive: true, mode: 0o755 })
      const identity = await makeIdentity(partial)
      const files = machineFiles(plan, machine, identity)
      await writeEntries(join(partial, 'identity'), files)
      const { disk } = machineFilesOf
      await shell(
        `make the disk of ${machine.name}`,
        sh`
        tar -cf ${partial}/${machineFilesOf.identity} -C ${partial}/identity .
        qemu-img create -q -f qcow2 -F raw -b ${image}/${imageFiles.disk} \
          ${partial}/${disk} ${machine.size.disk}M
        `,
        workCgroup(plan.cluster),
      )
      await recordMade(partial, machine)
      await rename(partial, folder(machine))
    },

    async start(machine) {
      // What is left of one whose supervisor was killed.
      await kill(machine)
      const own = join(folder(machine), 'identity')
      const machineId = await readFile(join(own, 'etc/machine-id'), 'utf8')
      const link = tapName(machine.name)
      const boot = run(folder(machine), link, [
        qemu,
        ...qemuArguments({
          ...{ cluster: plan.cluster, machine, accelerator, image, link },
          machineId: machineId.trim(),
        }),
      ])
      await launch(
        `${cgroup(machine)}/keeper`,
        sh`${insideNetwork(plan.network)} sh -euc ${boot.script}`,
        consoleLog(plan.directory, machine.name),
      )
    },

    async stop(machine) {
      await pressPowerButton(folder(machine))
      const off = await cgroupEnds(cgroup(machine), secondsToPowerOff)
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
      const file = 'identity/etc/ssh/ssh_host_ed25519_key.pub'
      const text = await readFile(join(folder(machine), file), 'utf8')
      return text.split(' ').slice(0, 2).join(' ').trim()
    },

    console: ({ name }) => consoleLog(plan.directory, name),
  }
}

function run(folder: string, link: string, command: string[]): Script {
  return sh`
    ! ip link show ${link} >/dev/null 2>&1 || ip link delete ${link}
    ip tuntap add dev ${link} mode tap
    ip link set ${link} master ${bridge} up
    cd ${folder}
    rm -f ${machineFilesOf.orders}
    exec ${command}
    `
}

// As on a real machine: the system inside is told, and decides.
async function pressPowerButton(folder: string): Promise<void> {
  // Under this name the path is short, however long the folder's is.
  const handle = await open(folder)
  try {
    const path = `/proc/self/fd/${handle.fd}/${machineFilesOf.orders}`
    const socket = createConnection({ path })
    for (const execute of ['qmp_capabilities', 'system_powerdown']) {
      socket.write(`${JSON.stringify({ execute })}\n`)
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    let said = ''
    socket.on('error', reject)
    socket.on('end', () => resolve())
    socket.on('data', (data) => {
      said += data
      if (said.includes('"POWERDOWN"')) resolve()
    })
    await promise.finally(() => socket.destroy())
  } finally {
    await handle.close()
  }
}
