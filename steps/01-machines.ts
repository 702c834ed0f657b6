// 01 Machines: they answer, and they are who cluster.yaml says they are
// Runs on: every machine, and only reads · Needs: SSH · Leaves: nothing

import assert from 'node:assert/strict'
import type { Machine } from '../lib/machine.ts'
import { notApplicable, step } from '../lib/step.ts'

const { cluster, verify } = await step(import.meta)

// #region read
// All checks below look at the same answers: one script per machine, run on
// all of them at once. A line that cannot be answered stays empty.
async function identityOf(machine: Machine) {
  const answer = await machine.read`
    set +e; exec 2>/dev/null
    interface=$(ip -o -4 address show to ${machine.address}/32 |
      while read -r _ name _; do echo "$name"; done)
    echo "user=$(id -un)"
    echo "hostname=$(cat /proc/sys/kernel/hostname)"
    echo "machine-id=$(cat /etc/machine-id)"
    echo "interface=$interface"
    echo "addresses=$(hostname -I)"
    echo "mac=$(cat "/sys/class/net/$interface/address")"
    # A container shows the product_uuid of its host.
    systemd-detect-virt --quiet --container ||
      echo "uuid=$(cat /sys/class/dmi/id/product_uuid)"`
  const pairs = answer.split('\n').map((line) => line.split(/=(.*)/))
  return {
    machine,
    values: Object.fromEntries(pairs),
    clock: await ahead(machine),
  }
}

// How many seconds the machine's clock is ahead of ours. It was read in the
// middle between question and answer, or half a round trip from there.
async function ahead(machine: Machine): Promise<number> {
  const asked = Date.now()
  const theirs = Number(await machine.read`date +%s.%N`) * 1000
  return (theirs - (asked + Date.now()) / 2) / 1000
}

type Identity = Awaited<ReturnType<typeof identityOf>>
let read: Promise<Identity[]> | undefined
const identities = () => {
  read ??= Promise.all(cluster.machines.map(identityOf))
  return read
}
// #endregion read

// #region reach
await verify('every machine answers SSH and lets us be root', async () => {
  for (const { machine, values } of await identities()) {
    const { user } = values
    assert.equal(
      user,
      'root',
      `${machine.name}: found user ${user}, wanted root`,
    )
  }
})
// #endregion reach

// #region address
// Other machines connect to the address, so SSH must end on the machine that
// holds it, and not on another behind the same name or jump host.
await verify(
  'every machine holds the address that cluster.yaml gives it',
  async () => {
    for (const { machine, values } of await identities()) {
      assert.ok(
        values.interface,
        `${machine.name}: ${machine.address} is on none of its interfaces\n` +
          `  found: ${values.addresses}\n` +
          '  → correct address or ssh.host of this machine in cluster.yaml',
      )
    }
  },
)
// #endregion address

// #region unique
// Copies of one disk image share what was made at the first start. Then pods
// get each other's addresses, and one node is taken for another.
const reset: Record<string, string> = {
  hostname: 'hostnamectl set-hostname NAME, on all but one',
  'machine-id':
    'rm /etc/machine-id && systemd-machine-id-setup && reboot, on all but one',
  mac: 'give each virtual network card its own MAC address',
  uuid: 'give each virtual machine its own UUID (qemu: -uuid)',
}
for (const [name, remedy] of Object.entries(reset)) {
  await verify(`every machine has its own ${name}`, async () => {
    if (cluster.machines.length === 1) return notApplicable('one machine')
    const owners = new Map<string, string>()
    for (const { machine, values } of await identities()) {
      const value = values[name]
      // Containers and some boards have no UUID; all have the rest.
      if (!value && name === 'uuid') continue
      assert.ok(value, `${machine.name}: found no ${name}\n  → ${remedy}`)
      const other = owners.get(value)
      assert.ok(
        !other,
        `${machine.name} and ${other} have the same ${name}\n` +
          `  found: ${value}\n  → ${remedy}`,
      )
      owners.set(value, machine.name)
    }
    if (owners.size === 0) return notApplicable('no machine shows one')
  })
}
// #endregion unique

// #region clocks
// Certificates begin to be valid when they are made. On a machine whose clock
// is behind, everybody else's are of the future, and refused.
await verify('all clocks are within 30 s of each other', async () => {
  const all = await identities()
  const sorted = all.map(({ clock }) => clock).sort((a, b) => a - b)
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0
  for (const { machine, clock } of all) {
    const off = clock - median
    assert.ok(
      Math.abs(off) <= 30,
      `${machine.name}: its clock is ${Math.abs(off).toFixed(0)} s ` +
        `${off > 0 ? 'ahead of' : 'behind'} the others, allowed are 30 s\n` +
        '  → install chrony there, or: timedatectl set-ntp true',
    )
  }
})
// #endregion clocks
