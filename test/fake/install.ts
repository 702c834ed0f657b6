import crypto from 'node:crypto'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { promisify } from 'node:util'

// Before anything imports them: keys that are good for nothing, and made ten
// times as fast.
const { generateKeyPair } = crypto
const small = (type: 'rsa', options: object, done: () => void) =>
  generateKeyPair(type, { ...options, modulusLength: 1024 } as never, done)
const whole = promisify(generateKeyPair)
Object.assign(small, {
  [promisify.custom]: (type: 'rsa', options: object) =>
    whole(type, { ...options, modulusLength: 1024 } as never),
})
Object.assign(crypto, { generateKeyPair: small })

// Files that may still come into a folder.
const room = new Map<string, number>()
const { renameSync } = fs
fs.renameSync = (from, to) => {
  for (const [folder, left] of room) {
    if (!String(to).startsWith(`${folder}/`)) continue
    if (String(to).endsWith('/steps.json')) continue
    if (left <= 0) throw new Error('ENOSPC: the test wants no more files')
    room.set(folder, left - 1)
  }
  renameSync(from, to)
}
syncBuiltinESMExports()

/** Lets so many files come into a folder, and then none any more. */
export function limitFiles(folder: string, files: number): void {
  room.set(folder, files)
}

const { hosts } = await import('../../lib/hosts.ts')
const { https } = await import('../../lib/https.ts')
const { fakeApi } = await import('./api.ts')
const { fakeHost } = await import('./host.ts')
const { newMachine, World } = await import('./world.ts')

/**
 * Puts fakes in the place of every machine and of the API, for as long as
 * this process lives.
 *
 * @param open gives the world; called when a step first uses it
 */
export function useFakes(open: () => InstanceType<typeof World>): void {
  hosts.open = async ({ name, address }) => {
    const world = open()
    const container = process.env.FAKE_MACHINES !== 'virtual'
    const { machines } = world.state
    machines[address] ??= newMachine(name, address, container)
    return fakeHost(world, machines[address])
  }
  https.ask = (url, question) => fakeApi(open())(url, question)
}

export { World }
