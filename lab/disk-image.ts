import { type Script, sh } from '../lib/shell.ts'
import { shell } from './root-command.ts'

/** Files of a virtual machine's image, in the folder of its base system. */
export const imageFiles = {
  disk: 'disk.img',
  kernel: 'vmlinuz',
  initrd: 'initrd.img',
} as const

/**
 * Makes a disk out of a folder, with the kernel and the initrd beside it: they
 * are handed to the machine from outside, so the disk needs no boot loader
 * and no partitions. Machines get copies that only hold what they change.
 *
 * @param root the folder of the new system; consumed
 * @param cgroup joined first, so that it can be found when we are killed
 */
export async function makeDisk(
  root: string,
  folder: string,
  cgroup: string,
): Promise<void> {
  await shell('make a disk image', diskScript(root, folder), cgroup)
}

/** What {@link makeDisk} runs; a part of the recipe. */
export function diskScript(root: string, folder: string): Script {
  const { disk, kernel, initrd } = imageFiles
  return sh`
    mv ${root}/boot/vmlinuz-* ${folder}/${kernel}
    mv ${root}/boot/initrd.img-* ${folder}/${initrd}
    rm -f ${root}/boot/System.map-* ${root}/vmlinuz* ${root}/initrd.img*
    used=$(du -sm ${root} | cut -f1)
    mke2fs -q -t ext4 -L root -d ${root} ${folder}/${disk} \
      $((used + used / 4 + 256))M
    `
}
