import { globSync, lstatSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Machine } from '../../../lib/machine.ts'
import type { CertificateEntry } from '../../reference/certificates.ts'
import type { FilesData } from '../../reference/files.ts'
import { referenceFile } from '../../reference/reference.ts'
import type { Ground } from './ground.ts'

/** What a key or a login looks like in a file. */
const shape = '-----BEGIN .*PRIVATE KEY|client-key-data:|^ *token: '

/** Who can read what lies on disks. */
export function filesAreClosed(ground: () => Ground): void {
  const { machines: files } = JSON.parse(
    readFileSync(referenceFile('files'), 'utf8'),
  ) as FilesData

  test('every file of ours has the owner and mode of the reference', async () => {
    const wrong: string[] = []
    for (const machine of ground().machines) {
      const wanted = files.filter((file) => isOn(machine, file))
      const found = await statOf(
        machine,
        wanted.map(({ path }) => path),
      )
      for (const { path, kind, mode, owner, temporary } of wanted) {
        const is = found.get(path)
        const at = `${machine.name} ${path}`
        if (temporary) {
          if (is) wrong.push(`${at}: is left`)
          continue
        }
        if (!is) {
          wrong.push(`${at}: is missing`)
          continue
        }
        // A folder that was there already may be closed further.
        const isMode =
          kind === 'folder'
            ? (Number.parseInt(is.mode, 8) & ~Number.parseInt(mode, 8)) === 0
            : is.mode === mode
        if (isMode && is.owner === owner) continue
        wrong.push(`${at}: ${is.mode} ${is.owner}, not ${mode} ${owner}`)
      }
    }
    expect(wrong).toEqual([])
  })

  test('who may read a key is one user, or a group that nobody is in', async () => {
    const secret = files.filter((file) => file.secret && !file.temporary)
    expect(secret.length).toBeGreaterThan(10)
    for (const { path, mode, owner } of secret) {
      const bits = Number.parseInt(mode, 8)
      expect(bits & 0o007, `${path} ${mode}`).toBe(0)
      const [user, group] = owner.split(':')
      const isOfGroup = (bits & 0o070) !== 0 && user !== group
      if (isOfGroup) expect(group, path).toBe('kubernetes')
    }
    for (const machine of ground().controlPlanes) {
      const members = await machine.read`getent group kubernetes`
      expect(members, machine.name).toMatch(/^kubernetes:x:\d+:$/)
    }
  })

  test('a user without rights finds no key on any machine', async () => {
    for (const machine of ground().machines) {
      // Of text files: programs hold the words that they look for.
      const byNobody = await machine.run`
        cd /; setpriv --reuid=65534 --regid=65534 --clear-groups \
          grep -rlsIE --exclude-dir=proc --exclude-dir=sys --exclude-dir=dev \
          --exclude-dir=share --exclude-dir=perl5 -e ${shape} / || true`
      expect(byNobody, machine.name).toBe('')
      const byRoot = await machine.run`
        grep -rlsIE -e ${shape} /etc/kubernetes /var/lib/kubelet/pki || true`
      expect(byRoot.split('\n').length, machine.name).toBeGreaterThan(2)
    }
  })

  test('every file with a key is one that the reference calls secret', async () => {
    const known = [
      ...files.filter((file) => file.secret).map(({ path }) => path),
      '/etc/ssh/ssh_host_ed25519_key',
    ]
    // Its name has the time in it.
    const identity = /^\/var\/lib\/kubelet\/pki\/kubelet-client-[-\d]+\.pem$/
    for (const machine of ground().machines) {
      const found = await machine.run`
        grep -rlsIE -e ${shape} --exclude-dir=containerd --exclude-dir=share \
          /etc /opt /root /home /run /srv /tmp /usr/local /var || true`
      const strange = found
        .split('\n')
        .filter((path) => !known.includes(path) && !identity.test(path))
      expect(strange, machine.name).toEqual([])
    }
  })

  test('keys that no machine needs are on no machine', async () => {
    const { machines, operator } = ground()
    const certificates = JSON.parse(
      readFileSync(referenceFile('certificates'), 'utf8'),
    ) as CertificateEntry[]
    const lineOf = (file: string) =>
      operator.read(`pki/${file}.key`).split('\n')[5] ?? ''
    const kept = certificates.filter(({ keyOn }) => keyOn.length === 0)
    const names = kept.map(({ file }) => file)
    expect(names).toEqual(
      expect.arrayContaining([
        ...['cluster/admin', 'cluster/super-admin'],
        ...['etcd/ca', 'front-proxy/ca'],
      ]),
    )
    // One line of a key tells which it is, and opens nothing.
    const lines = names.flatMap((file) => ['-e', lineOf(file)])
    for (const machine of machines) {
      const find = (patterns: readonly string[]) => machine.run`
        grep -rlsF ${patterns} --exclude-dir=containerd \
          /etc /root /home /run /tmp /var/lib/kubelet /var/log || true`
      expect(await find(lines), machine.name).toBe('')
      const server = lineOf(`cluster/kubelet-${machine.name}`)
      expect(await find(['-e', server])).toContain('serving.key')
    }
  })

  test('the state folder is for its owner alone', async () => {
    const { cluster } = ground()
    const paths = ['.', ...globSync('**/*', { cwd: cluster.directory })]
    expect(paths.length).toBeGreaterThan(40)
    for (const path of paths) {
      const found = lstatSync(join(cluster.directory, path))
      if (found.isSocket()) continue
      const mode = (found.mode & 0o777).toString(8)
      const wanted = found.isDirectory() ? /^700$/ : /^600$/
      expect(mode, path).toMatch(path.endsWith('.pub') ? /^6[04][04]$/ : wanted)
      expect(found.uid, path).toBe(process.getuid?.())
    }
  })
}

function isOn(machine: Machine, file: FilesData['machines'][number]): boolean {
  const { path, on, only } = file
  // The machines of this test are containers.
  if (only === 'not in containers' || path.endsWith('/PROGRAM')) return false
  return on === 'every machine' || machine.is('control-plane')
}

async function statOf(machine: Machine, paths: readonly string[]) {
  const said = await machine.read`
    stat --format '%a %U:%G %n' ${paths} 2>/dev/null || true`
  return new Map(
    said.split('\n').map((line) => {
      const [mode = '', owner = '', path = ''] = line.split(' ')
      return [path, { mode, owner }] as const
    }),
  )
}
