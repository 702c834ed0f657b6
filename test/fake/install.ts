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
// More than a cluster has: then each comes again, to another cluster.
const keys: unknown[] = []
const mostKeys = 64
let nextKey = 0
Object.assign(small, {
  [promisify.custom]: async (type: 'rsa', options: object) => {
    const at = nextKey++ % mostKeys
    keys[at] ??= await whole(type, { ...options, modulusLength: 1024 } as never)
    return keys[at]
  },
})
Object.assign(crypto, { generateKeyPair: small })

// Files that may still come into a folder.
const room = new Map<string, number>()
const { renameSync, rmSync, writeFileSync } = fs

// A process that ends at one of its changes, of which the files that it puts
// into its state folder are some. The lock is of no cluster.
interface Mortal {
  world: InstanceType<typeof World>
  folder: string
}
let dying: Mortal | undefined
const counts = (file: unknown): file is string =>
  dying !== undefined &&
  String(file).startsWith(`${dying.folder}/`) &&
  !/\/lock[^/]*$/.test(String(file))

fs.writeFileSync = ((file: string, content: string, options: object) => {
  if (counts(file)) dying?.world.reach()
  writeFileSync(file, content, options)
}) as typeof writeFileSync
fs.rmSync = (file, options) => {
  if (!counts(file)) return rmSync(file, options)
  if (fs.existsSync(file)) dying?.world.change(() => rmSync(file, options))
}
fs.renameSync = (from, to) => {
  if (counts(to)) {
    const whole = () => renameSync(from, to)
    const half = () => {
      const { size } = fs.statSync(from)
      fs.truncateSync(from, Math.floor(size / 2))
    }
    return dying?.world.change(whole, half)
  }
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

/** From now on a process is mortal, or none is. */
export function mortal(now: Mortal | undefined): void {
  dying = now
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
