// 01 Machines: they answer, and they are who cluster.yaml says they are
// Runs on: every machine, and only reads · Needs: SSH · Leaves: nothing

import assert from 'node:assert/strict'
import type { Machine } from '../lib/machine.ts'
import { notApplicable, step } from '../lib/step.ts'

const { cluster, verify } = await step(import.meta)

// #region read
// One script per machine answers every question below. A line that cannot be
// answered stays empty.
async function ask(machine: Machine) {
  const answer = await machine.read`
    set +e; exec 2>/dev/null
    interface=$(ip -o -4 address show to ${machine.address}/32 |
      while read -r _ name _; do echo "$name"; done)
    echo "user=$(id -un)"
    echo "hostname=$(cat /proc/sys/kernel/hostname)"
    echo "machine-id=$(cat /etc/machine-id)"
    echo "interface=$interface"
    echo "addresses=$(hostname -I)"
    echo "MAC=$(cat "/sys/class/net/$interface/address")"
    # A container shows the product_uuid of its host.
    systemd-detect-virt --quiet --container ||
      echo "product_uuid=$(cat /sys/class/dmi/id/product_uuid)"`
  const lines = answer.split('\n').map((line) => line.split(/=(.*)/))
  const found: Record<string, string> = Object.fromEntries(lines)
  return { machine, found, ahead: await secondsAhead(machine) }
}

// A clock was read in the middle between question and answer, or at most half
// a round trip from there.
async function secondsAhead(machine: Machine): Promise<number> {
  const asked = Date.now()
  const theirs = Number(await machine.read`date +%s.%N`) * 1000
  return (theirs - (asked + Date.now()) / 2) / 1000
}

const answers: Awaited<ReturnType<typeof ask>>[] = []
// #endregion read

// #region reach
await verify('every machine answers SSH and lets us be root', async () => {
  const results = await Promise.allSettled(cluster.machines.map(ask))
  const errors: unknown[] = []
  for (const result of results) {
    if (result.status === 'fulfilled') answers.push(result.value)
    else errors.push(result.reason)
  }
  if (errors.length > 0) throw new AggregateError(errors)
  for (const { machine, found } of answers) {
    assert.ok(
      found.user === 'root',
      `${machine.name}: commands run as ${found.user}, wanted root`,
    )
  }
})
// #endregion reach

// #region address
// Other machines connect to the address, so SSH must end on the machine that
// holds it, and not on another behind the same name or jump host.
await verify('every machine holds its address of cluster.yaml', () => {
  for (const { machine, found } of answers) {
    assert.ok(
      found.interface,
      `${machine.name}: none of its interfaces has ${machine.address}\n` +
        `  found: ${found.addresses}\n` +
        '  → correct its address, or its ssh.host, in cluster.yaml',
    )
  }
})
// #endregion address

// #region unique
// Copies of one disk image share what was made at its first start. Then one
// machine gets the packets, the lease or the node of another.
const remedies: Record<string, string> = {
  hostname: 'hostnamectl set-hostname NAME',
  'machine-id': 'rm /etc/machine-id; systemd-machine-id-setup; reboot',
  MAC: 'give its network card an address of its own',
  product_uuid: 'give the virtual machine a UUID of its own (qemu: -uuid)',
}
for (const [what, remedy] of Object.entries(remedies)) {
  await verify(`every machine has a ${what} of its own`, () => {
    if (answers.length < 2) return notApplicable('there is one machine')
    const owners = new Map<string, string>()
    for (const { machine, found } of answers) {
      const value = found[what]
      // Containers and small boards have none; of the rest, all must have it.
      if (!value && what === 'product_uuid') continue
      assert.ok(value, `${machine.name}: found no ${what}\n  → ${remedy}`)
      assert.ok(
        !owners.has(value),
        `${machine.name} has the ${what} of ${owners.get(value)}\n` +
          `  found on both: ${value}\n  → on one of them: ${remedy}`,
      )
      owners.set(value, machine.name)
    }
    if (owners.size === 0) return notApplicable('no machine has one')
  })
}
// #endregion unique

// #region clocks
// A certificate begins to be valid when it is made: where a clock is behind,
// the certificates of all others are of the future, and refused.
await verify('every clock is within 30 s of the others', () => {
  const clocks = answers.map(({ ahead }) => ahead)
  // Of two clocks, or two against two, only a further one can tell: ours.
  if (clocks.length % 2 === 0) clocks.push(0)
  clocks.sort((a, b) => a - b)
  const median = clocks[Math.floor(clocks.length / 2)] ?? 0
  for (const { machine, ahead } of answers) {
    const off = Math.round(ahead - median)
    assert.ok(
      Math.abs(off) <= 30,
      `${machine.name}: its clock is ${Math.abs(off)} s ` +
        `${off > 0 ? 'ahead of' : 'behind'} the others, allowed are 30 s\n` +
        '  → install chrony there, or: timedatectl set-ntp true',
    )
  }
})
// #endregion clocks
