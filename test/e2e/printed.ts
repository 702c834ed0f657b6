// Nothing that is printed or logged may hold a key or a token.

import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { refuseSecrets, secretWords } from '../../commands/docs/secrets.ts'
import { labsFolder } from '../../lab/names.ts'
import { loadCluster } from '../../lib/cluster.ts'
import type { FilesData } from '../reference/files.ts'
import { referenceFile } from '../reference/reference.ts'
import type { Guide } from './guide.ts'

/**
 * Registers the last tests of a cluster that is still up: they look at all
 * that its tests have printed, and at every log.
 */
export function nothingPrintsSecrets(guide: Guide, name: string): void {
  const machinesOf = () => loadCluster(guide.file).machines

  test('a plan shows that a secret changes, and not the secret', async () => {
    const { machines } = JSON.parse(
      readFileSync(referenceFile('files'), 'utf8'),
    ) as FilesData
    const secret = machines.filter((file) => file.secret && !file.temporary)
    const [first] = machinesOf()
    const machine = first?.name ?? ''
    const files = secret.map(({ path }) => path).join(' ')
    // The copy keeps its time, so that nothing is restarted for it.
    const change = 'cp -a $file $file.kept; echo >>$file'
    await guide.on(machine, `for file in ${files}; do ${change}; done`)
    const range = ['--from', '05', '--to', '11']
    const planned = await guide.npm('steps', '--plan', ...range)
    const back = 'mv -f $file.kept $file'
    await guide.on(machine, `for file in ${files}; do ${back}; done`)
    expect(secret.length).toBeGreaterThan(10)
    for (const { path } of secret) {
      const diff = new RegExp(`change ${path}\\n +- secret sha256:`)
      expect(planned, path).toMatch(diff)
    }
  })

  test('no output, log or journal holds a key or a token', async () => {
    const read = (cwd: string, pattern: string) =>
      globSync(pattern, { cwd }).map((file) =>
        guide.keep(join(cwd, file), readFileSync(join(cwd, file), 'utf8')),
      ).length
    expect(read(guide.directory, 'logs/*.log')).toBeGreaterThan(0)
    const consoles = join(labsFolder, name, 'machines')
    expect(read(consoles, '*/console.log')).toBeGreaterThan(0)
    for (const { name } of machinesOf()) {
      await guide.on(
        name,
        'journalctl --no-pager --output cat; ' +
          'cat /var/log/pods/*/*/*.log 2>/dev/null || true',
      )
      await guide.on(name, 'cat /var/log/kubernetes/*.log 2>/dev/null || true')
    }
    // One line of a key would be found.
    const file = join(guide.directory, 'pki/cluster/admin.key')
    const line = readFileSync(file, 'utf8').split('\n')[5] ?? ''
    const known = secretWords(guide.directory)
    expect(() => refuseSecrets('a key', `# ${line}`, known)).toThrow()
    const { outputs, secrets } = guide.refuseSecrets()
    expect(outputs).toBeGreaterThan(10)
    expect(secrets).toBeGreaterThan(100)
  })
}
