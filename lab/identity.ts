import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sh } from '../lib/shell.ts'
import { shell } from './root-command.ts'

/** The identity of a machine: made once, when the machine is created. */
export interface Identity {
  /** 32 hexadecimal digits, for /etc/machine-id. */
  machineId: string
  /** Text of its SSH host key. */
  hostKey: string
  hostKeyPublic: string
}

/** Makes an identity that no other machine has; its key stays in a folder. */
export async function makeIdentity(folder: string): Promise<Identity> {
  const file = join(folder, 'host-key')
  await shell(
    'make an SSH host key',
    sh`ssh-keygen -q -t ed25519 -N '' -C lab -f ${file}`,
  )
  return {
    machineId: randomUUID().replaceAll('-', ''),
    hostKey: await readFile(file, 'utf8'),
    hostKeyPublic: await readFile(`${file}.pub`, 'utf8'),
  }
}
