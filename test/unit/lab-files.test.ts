import {
  lstatSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseHierarchies } from '../../lab/cgroup.ts'
import { debianSources, fetchOptions } from '../../lab/debian-sources.ts'
import { replaceHosts } from '../../lab/keys.ts'
import { writeEntries } from '../../lab/machine-files.ts'
import { renderPackages, renderRelease } from '../../lab/packages.ts'
import { missingKernelOptions } from '../../lab/requirements.ts'
import { renderStatus } from '../../lab/status.ts'

describe('the sources of the base system', () => {
  const keyring = '[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]'

  test("are the host's own, for the release of the machines", () => {
    const targets = [
      'http://mirror/debian/|trixie|main|Debian',
      'http://mirror/debian/|trixie-updates|main|Debian',
      'http://mirror/debian-security/|trixie-security|main|Debian',
    ].join('\n')
    expect(debianSources(targets, 'bookworm')).toEqual([
      `deb ${keyring} http://mirror/debian-security/ bookworm-security main`,
      `deb ${keyring} http://mirror/debian/ bookworm main`,
      `deb ${keyring} http://mirror/debian/ bookworm-updates main`,
    ])
  })

  test.each([
    'http://third.party/|bookworm|main|Somebody',
    'http://mirror/debian/|bookworm|contrib|Debian',
    'http://mirror/debian/|bookworm-backports|main|Debian',
    'http://mirror/ubuntu/|noble|main|Ubuntu',
    '',
  ])('do not have what is not of Debian, or not needed: %s', (target) =>
    expect(debianSources(target, 'bookworm')).toEqual([]),
  )

  test('count as Debian where the lists were never fetched', () => {
    const target = 'http://mirror/debian/|bookworm|main|$(ORIGIN)'
    expect(debianSources(target, 'bookworm')).toHaveLength(1)
  })

  test('are fetched the way the host fetches, by its proxy', () => {
    const dump = [
      'Acquire::http::Proxy "http://proxy:3128";',
      'Acquire::Check-Valid-Until "false";',
      'Acquire::Languages:: "none";',
      'Acquire::http "";',
      'Dir::Cache "/elsewhere";',
    ].join('\n')
    expect(fetchOptions(dump)).toEqual([
      'Acquire::http::Proxy "http://proxy:3128";',
      'Acquire::Check-Valid-Until "false";',
    ])
  })
})

describe('the package source', () => {
  test('has an entry for each package, with a blank line between', () => {
    const file = { control: 'Package: a\nVersion: 1\n', size: 7 }
    const index = renderPackages([
      { ...file, name: 'a_1.deb', sha256: 'aa' },
      { ...file, name: 'b_1.deb', sha256: 'bb' },
    ])
    expect(index).toBe(
      'Package: a\nVersion: 1\nFilename: ./a_1.deb\nSize: 7\nSHA256: aa\n\n' +
        'Package: a\nVersion: 1\nFilename: ./b_1.deb\nSize: 7\nSHA256: bb\n',
    )
  })

  test('has a Release that vouches for the index', () => {
    const date = new Date('2026-11-23T20:00:00Z')
    const release = renderRelease({ size: 42, sha256: 'cc' }, date)
    expect(release).toContain('Date: Mon, 23 Nov 2026 20:00:00 UTC\n')
    expect(release).toMatch(/\nSHA256:\n cc 42 Packages\n$/)
  })
})

describe('known_hosts', () => {
  const host = { address: '10.10.0.11', port: 22, key: 'ssh-ed25519 NEW' }

  test('gets the keys of machines, in place of older ones', () => {
    const text = '10.10.0.11 ssh-ed25519 OLD\n10.10.0.110 ssh-ed25519 OTHER\n'
    expect(replaceHosts(text, [host])).toBe(
      '10.10.0.110 ssh-ed25519 OTHER\n10.10.0.11 ssh-ed25519 NEW\n',
    )
  })

  test('names the port where it is not 22', () => {
    const line = replaceHosts('', [{ ...host, port: 2222 }])
    expect(line).toBe('[10.10.0.11]:2222 ssh-ed25519 NEW\n')
  })

  test('forgets machines that are gone', () => {
    const { key: _, ...gone } = host
    expect(replaceHosts('10.10.0.11 ssh-ed25519 OLD\n', [gone])).toBe('')
  })
})

describe('the cgroup hierarchies', () => {
  test('are one on a v2 host', () => {
    const mounts = 'cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0\n'
    expect(parseHierarchies(mounts)).toEqual([
      { path: '/sys/fs/cgroup', version: 2, controllers: [] },
    ])
  })

  test('are several on a hybrid host', () => {
    const mounts = [
      'tmpfs /sys/fs/cgroup tmpfs rw 0 0',
      'cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,cpu,cpuacct 0 0',
      'cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0',
      'cgroup /elsewhere cgroup rw,pids 0 0',
    ].join('\n')
    expect(parseHierarchies(mounts)).toMatchObject([
      { path: '/sys/fs/cgroup/cpu,cpuacct', version: 1 },
      { path: '/sys/fs/cgroup/unified', version: 2 },
    ])
  })
})

describe('the kernel', () => {
  const whole = [
    ...['OVERLAY_FS=m', 'BRIDGE=y', 'VETH=y', 'NET_NS=y', 'PID_NS=y'],
    ...['NF_TABLES=m', 'BRIDGE_NETFILTER=m'],
  ]
  const config = (lines: string[]) =>
    lines.map((line) => `CONFIG_${line}`).join('\n')

  test('may have what is needed as a module or built in', () => {
    expect(missingKernelOptions(config(whole), 'container')).toEqual([])
  })

  test('is told everything that it lacks at once', () => {
    const found = missingKernelOptions(config(whole.slice(2)), 'container')
    expect(found.map(({ what }) => what)).toEqual([
      expect.stringContaining('CONFIG_OVERLAY_FS'),
      expect.stringContaining('CONFIG_BRIDGE'),
    ])
  })

  test('is not blamed where it does not tell', () => {
    expect(missingKernelOptions(undefined, 'container')).toEqual([])
  })
})

describe('the files of a machine', () => {
  test('have their modes whatever the umask', async () => {
    const root = mkdtempSync(join(tmpdir(), 'kfs-entries-test-'))
    const before = process.umask(0o077)
    const owner = process.getuid?.() ?? 0
    await writeEntries(root, {
      '/etc/motd': { content: 'hello\n', owner },
      '/root': { folder: true, mode: 0o700, owner },
      '/root/key': { content: 'key\n', mode: 0o600, owner },
      '/etc/off': { link: '/dev/null' },
    })
    process.umask(before)
    const mode = (path: string) => statSync(join(root, path)).mode & 0o777
    expect(mode('etc')).toBe(0o755)
    expect(mode('etc/motd')).toBe(0o644)
    expect(mode('root')).toBe(0o700)
    expect(mode('root/key')).toBe(0o600)
    expect(readFileSync(join(root, 'etc/motd'), 'utf8')).toBe('hello\n')
    expect(lstatSync(join(root, 'etc/off')).isSymbolicLink()).toBe(true)
    expect(readlinkSync(join(root, 'etc/off'))).toBe('/dev/null')
    rmSync(root, { recursive: true })
  })
})

describe('the status table', () => {
  test('is aligned', () => {
    const machine = { user: 'root', port: 22, key: '/k', running: true }
    expect(
      renderStatus([
        { ...machine, name: 'cp-1', address: '10.10.0.11' },
        { ...machine, name: 'worker-1', address: '10.0.0.2', running: false },
      ]),
    ).toBe(
      [
        'NAME      ADDRESS     USER  PORT  RUNNING',
        'cp-1      10.10.0.11  root  22    yes',
        'worker-1  10.0.0.2    root  22    no',
      ].join('\n'),
    )
  })
})
