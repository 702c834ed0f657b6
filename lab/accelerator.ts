import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { imageFiles } from './disk-image.ts'
import { type Accelerator, processor, qemu } from './qemu.ts'
import { adminPath } from './root-command.ts'

const device = '/dev/kvm'
const secondsToBoot = 20

/**
 * What can run the processors of virtual machines on this host. The device of
 * KVM may be there and not work, as in a virtual machine itself, so it has to
 * boot the image's kernel up to its first program.
 *
 * @param image folder with the kernel and the initrd
 */
export async function accelerator(image: string): Promise<Accelerator> {
  if (!existsSync(device)) {
    return { name: 'tcg', why: `this host has no ${device}` }
  }
  const boots = await bootsUnder('kvm', image)
  if (boots) return { name: 'kvm', why: `a guest boots on ${device}` }
  return { name: 'tcg', why: `${device} is there, but no guest boots on it` }
}

async function bootsUnder(
  name: Accelerator['name'],
  image: string,
): Promise<boolean> {
  const { stdout } = await execa(
    qemu,
    [
      ...['-machine', 'q35', '-no-user-config', '-no-reboot', '-nodefaults'],
      ...processor(name),
      ...['-m', '256M', '-display', 'none', '-serial', 'stdio'],
      ...['-kernel', join(image, imageFiles.kernel)],
      ...['-initrd', join(image, imageFiles.initrd)],
      // A first program that ends at once makes the kernel panic, and that
      // ends QEMU.
      ...['-append', 'console=ttyS0 panic=-1 rdinit=/bin/true'],
    ],
    {
      reject: false,
      stdin: 'ignore',
      timeout: secondsToBoot * 1000,
      forceKillAfterDelay: 1000,
      env: { PATH: adminPath() },
    },
  )
  return stdout.includes('Attempted to kill init')
}
