import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { GuideError } from '../../lib/errors.ts'
import type { FileState } from '../../lib/host.ts'
import type { Manifest } from '../../lib/kubernetes.ts'

/** A file of a fake machine. */
export interface FakeFile extends FileState {
  /** When it was written, in ticks of the world. */
  time: number
}

/** A systemd unit of a fake machine. */
export interface FakeUnit {
  enabled: boolean
  active: boolean
  /** When its process started, in ticks of the world. */
  started: number
  /** When systemd last read its file. */
  loaded: number
}

/** Everything that a fake machine is. */
export interface FakeMachine {
  name: string
  address: string
  /** A container of the lab; else a virtual machine. */
  container: boolean
  files: Record<string, FakeFile>
  /** Mode and owner, such as `755 root:root`, by path. */
  folders: Record<string, string>
  units: Record<string, FakeUnit>
  masked: string[]
  users: string[]
  packages: string[]
  sysctls: Record<string, string>
  modules: string[]
  /** Digests of images, by reference. */
  images: Record<string, string>
  /** Routes, rules and links in the kernel. */
  kernel: string[]
  /** Start of the kubelet that has made its node; it does so once. */
  registered: number
  /** When its disk last had all that was written. */
  flushed: number
  /** What a test has broken: seconds that its clock is ahead. */
  ahead?: number
  /** What a test has broken: answers about itself, by what is asked. */
  answers?: Record<string, string>
}

/** One change, as snapshots show it. */
export interface Change {
  /** Name of a machine, or `API`. */
  on: string
  text: string
}

/** All machines and what the API holds: what outlives one process. */
export interface WorldState {
  time: number
  machines: Record<string, FakeMachine>
  objects: Record<string, Manifest>
  log: Change[]
}

/**
 * The machines of a cluster and its API, kept in a file between processes.
 * Whatever changes does so through {@link World.change}, so that a test can
 * end the world after any change.
 */
export class World {
  readonly state: WorldState
  /** Which of the changes could have been made by half, from 1. */
  readonly halves: number[] = []
  readonly #file: string
  readonly #halfLast: boolean
  #made = 0
  #left: number

  /**
   * @param file JSON of the state; read if it is there
   * @param stopAfter the connection drops when so many changes were made
   * @param halfLast the last of these is made by half
   */
  constructor(
    file: string,
    stopAfter = Number.POSITIVE_INFINITY,
    halfLast = false,
  ) {
    this.#file = file
    this.#left = stopAfter
    this.#halfLast = halfLast
    this.state = load(file)
  }

  /** Fails once the connection has dropped. */
  reach(): void {
    if (this.#left <= 0) throw new Dropped()
  }

  /**
   * Makes one change, or none.
   *
   * @param half what there is when it is cut off on the way
   */
  change(effect: (time: number) => void, half?: (time: number) => void): void {
    this.reach()
    this.state.time++
    this.#made++
    if (half) this.halves.push(this.#made)
    const isHalf = half && this.#halfLast && this.#left === 1
    if (isHalf) half(this.state.time)
    else effect(this.state.time)
    this.#left--
    this.reach()
  }

  log(on: string, text: string): void {
    this.state.log.push({ on, text })
  }

  save(): void {
    writeFileSync(`${this.#file}.new`, JSON.stringify(this.state, null, 1))
    renameSync(`${this.#file}.new`, this.#file)
  }
}

/** What every use of a machine fails with after the connection dropped. */
export class Dropped extends GuideError {
  override name = 'Dropped'

  constructor() {
    super('the connection dropped, because the test wanted it')
  }
}

/** A world as it is kept, for a test to look at. */
export function load(file: string): WorldState {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return { time: 0, machines: {}, objects: {}, log: [] }
  }
}

/** What a machine is when it comes from its maker. */
export function newMachine(
  name: string,
  address: string,
  container: boolean,
): FakeMachine {
  const file = (content: string): FakeFile => {
    return { content, mode: 0o644, owner: 'root:root', time: 0 }
  }
  return {
    ...{ name, address, container },
    files: {
      '/etc/hosts': file(
        `127.0.0.1 localhost\n::1 localhost\n${address} ${name}\n`,
      ),
      '/etc/resolv.conf': file('nameserver 192.0.2.53\n'),
    },
    folders: Object.fromEntries(folders.map((path) => [path, '755 root:root'])),
    units: {},
    masked: [],
    users: ['root'],
    packages: [
      'ca-certificates',
      'iproute2',
      'kmod',
      'mount',
      'openssl',
      'procps',
    ],
    // Those of a machine of the lab.
    sysctls: {
      'net.ipv4.ip_forward': '0',
      'net.bridge.bridge-nf-call-iptables': '0',
      'fs.inotify.max_user_instances': container ? '8192' : '128',
      'fs.inotify.max_user_watches': '524288',
      'vm.overcommit_memory': '0',
      'vm.panic_on_oom': '0',
      'kernel.panic': '0',
      'kernel.panic_on_oops': '0',
      'kernel.keys.root_maxkeys': '1000000',
      'kernel.keys.root_maxbytes': '25000000',
      'net.netfilter.nf_conntrack_max': '262144',
      'net.netfilter.nf_conntrack_tcp_timeout_established': '432000',
      'net.netfilter.nf_conntrack_tcp_timeout_close_wait': '60',
    },
    modules: [],
    images: {},
    kernel: [],
    registered: 0,
    flushed: 0,
  }
}

const folders = [
  ...['/etc', '/etc/modules-load.d', '/etc/sysctl.d', '/etc/systemd'],
  ...['/etc/systemd/system', '/opt', '/run', '/usr', '/usr/libexec'],
  ...['/usr/local', '/usr/local/bin', '/var', '/var/lib', '/var/log'],
]

/** Writes a file, and makes the folders above it, as the host does. */
export function writeFile(
  machine: FakeMachine,
  path: string,
  file: FakeFile,
): void {
  makeFolder(machine, parentOf(path))
  machine.files[path] = file
}

/** Makes a folder and those above it, unless they are there. */
export function makeFolder(machine: FakeMachine, path: string): void {
  if (path === '' || machine.folders[path]) return
  makeFolder(machine, parentOf(path))
  machine.folders[path] = '755 root:root'
}

/** Removes a file, or a folder with all it holds. Tells if it was there. */
export function remove(machine: FakeMachine, path: string): boolean {
  let found = false
  for (const all of [machine.files, machine.folders]) {
    for (const other of Object.keys(all)) {
      if (other !== path && !other.startsWith(`${path}/`)) continue
      delete all[other]
      found = true
    }
  }
  return found
}

/** Whether there is a file, or a folder. */
export function exists(machine: FakeMachine, path: string): boolean {
  return path in machine.files || path in machine.folders
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'))
}
