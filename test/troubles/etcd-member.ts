import { join } from 'node:path'
import { afterAll } from 'vitest'
import { freePort } from '../transport/sshd.ts'
import { printedBy, type Running, start } from './programs.ts'

/** A member of an etcd on loopback, started at will. */
export interface Member {
  /** As `--initial-cluster` has it. */
  entry: string
  /** Where clients dial it. */
  url: string
  /** What etcdctl prints that asks this member. */
  ctl(...args: string[]): Promise<string>
  /**
   * Starts it, with the members that its cluster begins with.
   *
   * @param flags besides those of its addresses
   */
  start(members: readonly Member[], flags?: readonly string[]): Running
}

/**
 * A member without TLS; what still runs when the tests of the file have ended
 * is stopped.
 *
 * @param folder where its data folder is made
 */
export async function member(folder: string, name: string): Promise<Member> {
  const client = `http://127.0.0.1:${await freePort()}`
  const peer = `http://127.0.0.1:${await freePort()}`
  const entry = `${name}=${peer}`
  const running: Running[] = []
  afterAll(() => Promise.all(running.map((it) => it.stop())))
  return {
    ...{ entry, url: client },
    ctl: (...args) => printedBy('etcdctl', ['--endpoints', client, ...args]),
    start(members, flags = []) {
      const it = start('etcd', [
        ...['--name', name, '--data-dir', join(folder, name)],
        ...['--listen-client-urls', client, '--advertise-client-urls', client],
        ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
        ...['--initial-cluster', members.map(({ entry }) => entry).join()],
        ...flags,
      ])
      running.push(it)
      return it
    },
  }
}
