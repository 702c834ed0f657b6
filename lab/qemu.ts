import { join } from 'node:path'
import { imageFiles } from './disk-image.ts'
import type { LabMachine } from './plan.ts'

/** The program that is a virtual machine. */
export const qemu = 'qemu-system-x86_64'

/** Files of a virtual machine, in its folder. */
export const machineFilesOf = {
  /** What it changed of the image. */
  disk: 'disk.qcow2',
  /** An archive of what makes it this machine; its second disk. */
  identity: 'identity.tar',
  /** Socket on which QEMU takes orders. */
  orders: 'orders',
} as const

/** What runs the processor of a virtual machine. */
export interface Accelerator {
  name: 'kvm' | 'tcg'
  /** Why this one, for the reader. */
  why: string
}

/** What a machine is started with. */
export interface Start {
  cluster: string
  machine: LabMachine
  machineId: string
  accelerator: Accelerator['name']
  /** Folder of the kernel, the initrd and the disk that copies refer to. */
  image: string
  /** Link of the host's side, see {@link LabMachine.hardwareAddress}. */
  link: string
}

/**
 * Arguments of QEMU for one machine. Paths of its own files are relative: a
 * Unix socket's may have 108 bytes and no more.
 */
export function qemuArguments(start: Start): string[] {
  const { cluster, machine, machineId, accelerator, image, link } = start
  const { disk, identity, orders } = machineFilesOf
  return [
    // For people who look at processes.
    ...['-name', `${cluster}/${machine.name}`],
    ...['-machine', 'q35', '-no-user-config'],
    ...processor(accelerator),
    ...['-smp', String(machine.size.cpus)],
    ...['-m', `${machine.size.memory}M`],
    ...['-kernel', join(image, imageFiles.kernel)],
    ...['-initrd', join(image, imageFiles.initrd)],
    ...['-append', kernelArguments(machine, machineId)],
    // A flush of the guest ends in this host's memory: enough against a power
    // cut of the machine, which is all that a lab cuts.
    ...['-drive', `file=${disk},format=qcow2,if=virtio,cache=unsafe`],
    ...['-drive', `file=${identity},format=raw,if=virtio,readonly=on`],
    ...['-netdev', `tap,id=net,ifname=${link},script=no,downscript=no`],
    ...['-device', `virtio-net-pci,netdev=net,mac=${machine.hardwareAddress}`],
    ...['-device', 'virtio-rng-pci'],
    ...['-display', 'none', '-vga', 'none'],
    ...['-chardev', 'file,id=console,path=console.log,append=on'],
    ...['-serial', 'chardev:console', '-monitor', 'none'],
    ...['-qmp', `unix:${orders},server=on,wait=off`],
    ...['-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny'],
  ]
}

/** The processor, as QEMU is to show it. */
export function processor(accelerator: Accelerator['name']): string[] {
  return accelerator === 'kvm'
    ? ['-accel', 'kvm', '-cpu', 'host']
    : ['-accel', 'tcg,thread=multi,tb-size=1024', '-cpu', emulated]
}

// Real processors copy and clear memory best a byte at a time, and say so.
// Emulation takes each byte as an instruction, and a kernel that believes it
// clears a page five times as slowly.
const emulated = 'max,-erms,-fsrm,-fzrm,-fsrs'

function kernelArguments(machine: LabMachine, machineId: string): string {
  return [
    'root=/dev/vda rw console=ttyS0',
    // Names as on any machine with one card: eth0.
    'net.ifnames=0',
    `systemd.hostname=${machine.name}`,
    `systemd.machine_id=${machineId}`,
  ].join(' ')
}
