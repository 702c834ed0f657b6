import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { journal } from '../../lib/journal.ts'
import type { Machine } from '../../lib/machine.ts'
import { readSections, surveyScript } from '../../lib/node-spec/survey.ts'
import {
  advice,
  checks,
  ensureSysctls,
  type Finding,
  findingsOf,
  hostsBlock,
  hostsRange,
  nodePackages,
  packageTable,
  requireFit,
  type Surveyed,
  surveyMachines,
  sysctlsAtStart,
} from '../../lib/node-spec.ts'
import { type Script, type ShellValue, sh } from '../../lib/shell.ts'

const machines = [
  { name: 'b', address: '10.10.0.12' },
  { name: 'a', address: '10.10.0.21' },
]

describe('the list of checks', () => {
  test('gives every check an id of its own', () => {
    const ids = checks.map(({ id }) => id)
    expect(ids).toEqual([...new Set(ids)])
  })

  test('has a sentence, a reason, a remedy and a source for each', () => {
    for (const check of checks) {
      expect(check.id).toMatch(/^[a-z]+(-[a-z]+)*$/)
      expect(check.title).toMatch(/^([A-Z]|systemd|root|localhost)/)
      expect(check.wanted).not.toBe('')
      expect(check.why.length).toBeGreaterThan(20)
      expect(check.remedy).not.toBe('')
      expect(check.source).toMatch(/^https:\/\//)
    }
  })

  test('says of everything prepared that step 02 does it', () => {
    for (const check of checks) {
      if (check.severity !== 'prepared') continue
      expect(check.remedy).toMatch(/^step 02 /)
    }
  })
})

describe('the packages', () => {
  test('have a name in each family, none twice', () => {
    for (const names of Object.values(nodePackages)) {
      expect(names).toHaveLength(packageTable.length)
      expect(new Set(names).size).toBe(names.length)
    }
  })
})

describe('the survey', () => {
  const local = (script: string) =>
    execFileSync('bash', ['--norc', '-euo', 'pipefail', '-c', script], {
      encoding: 'utf8',
    })

  test('asks everything in one script, which no failing probe can end', () => {
    const sections = readSections(local(surveyScript().script))
    const asked = new Set(['machine', ...checks.map(({ probe }) => probe.id)])
    expect(new Set(sections.keys())).toEqual(asked)
    expect(sections.get('uname')).toContain(local('uname -r').trim())
  })

  test('keeps the sections of its output apart', () => {
    const output = '\n## a\nx\n\ny\n## not a section\n\n## b\n\n## c-d'
    expect([...readSections(output)]).toEqual([
      ['a', 'x\n\ny\n## not a section'],
      ['b', ''],
      ['c-d', ''],
    ])
  })

  const answering = (name: string, sections: Record<string, string>) => {
    const all: Record<string, string> = {
      machine:
        'id=debian\nversion=12\nname=Debian 12\ncontainer=none\n' +
        'member=scratch 1\nfamily=debian',
      ...sections,
    }
    const output = Object.entries(all)
      .map(([id, printed]) => `## ${id}\n${printed}`)
      .join('\n\n')
    return {
      name,
      address: '10.10.0.11',
      roles: ['worker'],
      read: async () => output,
    } satisfies Surveyed
  }

  test('learns the distribution, and whether the machine is a container', async () => {
    const other = { machine: 'id=fedora\ncontainer=docker\nfamily=fedora' }
    const surveys = await surveyMachines(
      [answering('a', {}), answering('b', other)],
      'scratch 1',
    )
    expect(surveys).toMatchObject([
      { machine: 'a', family: 'debian', container: false },
      { machine: 'b', family: 'fedora', container: true },
    ])
  })

  test('spares a worker the checks of a control plane', async () => {
    const [survey] = await surveyMachines([answering('a', { cpu: '1' })], '')
    const ids = survey?.findings.map(({ check }) => check.id)
    expect(ids).not.toContain('cpu')
    expect(ids).toContain('kernel')
  })

  test('names everything that blocks a machine, with reason and remedy', async () => {
    const surveys = await surveyMachines(
      [
        answering('a', { uname: 'armv7l\n4.19.0', init: 'systemd 252' }),
        answering('b', {}),
      ],
      '',
    )
    expect(() => requireFit(surveys, 'a')).toThrowError(
      /^a does not meet the node spec \(architecture, kernel, .*nothing was changed\n/,
    )
    expect(() => requireFit(surveys, 'a')).toThrowError(
      / {2}✗ kernel on a: found 4\.19\.0, wanted 5\.13 or later\n {6}why: .*\n {6}do: {2}upgrade/,
    )
    expect(() => requireFit(surveys, 'none')).not.toThrow()
  })

  test('gives each advice once, with the machines that it is for', async () => {
    const v1 = { 'cgroup-version': 'tmpfs', swap: '' }
    const surveys = await surveyMachines(
      [
        answering('a', v1),
        answering('b', { ...v1, swap: '/dev/sda2 partition 1 0 -2' }),
      ],
      '',
    )
    const lines = advice(surveys).join('\n')
    expect(lines).toContain('! cgroup-version on all: found cgroup v1 (tmpfs')
    expect(lines).toContain('! swap on b: found /dev/sda2, wanted no swap')
    expect(lines.match(/cgroup-version/g)).toHaveLength(1)
  })

  test('sorts findings by what they mean', async () => {
    const surveys = await surveyMachines([answering('a', {})], '')
    const ids = (severity: Finding['severity']) =>
      findingsOf(surveys, severity).map(({ check }) => check.id)
    expect(ids('prepared')).toContain('ip-forwarding')
    expect(ids('blocks')).toContain('kernel-log')
    expect(ids('advised')).toContain('time-sync')
  })
})

describe('the block in /etc/hosts', () => {
  test('names localhost and every machine, in the order of their names', () => {
    expect(hostsBlock(machines)).toBe(
      '# kubernetes-from-scratch: begin\n' +
        '127.0.0.1 localhost\n' +
        '10.10.0.21 a\n' +
        '10.10.0.12 b\n' +
        '# kubernetes-from-scratch: end',
    )
  })

  test('stays the same when machines are moved in cluster.yaml', () => {
    expect(hostsBlock(machines.toReversed())).toBe(hostsBlock(machines))
  })

  test('is found by sed between lines of others', () => {
    const file = `::1 localhost\n${hostsBlock(machines)}\n192.0.2.1 mine\n`
    const sed = (...args: string[]) =>
      execFileSync('sed', args, { input: file, encoding: 'utf8' })
    expect(sed('-n', `${hostsRange}p`)).toBe(`${hostsBlock(machines)}\n`)
    expect(sed(`${hostsRange}d`)).toBe('::1 localhost\n192.0.2.1 mine\n')
  })
})

describe('kernel parameters', () => {
  /** A machine that answers each script by the first rule that it matches. */
  const fake = (container: boolean, rules: [RegExp, string][]) => {
    const written: Record<string, string> = {}
    const ran: string[] = []
    const machine = {
      journal: journal(),
      facts: async () => ({ container }),
      read: async (strings: TemplateStringsArray, ...values: ShellValue[]) => {
        const { script } = sh(strings, ...values)
        return rules.find(([rule]) => rule.test(script))?.[1] ?? ''
      },
      ensure: async (_: string, __: Script, { script }: Script) => {
        ran.push(script)
      },
      file: async (path: string, content: string) => {
        written[path] = content
      },
    } as unknown as Machine
    return { machine, written, ran }
  }
  const wanted = {
    'net.ipv4.ip_forward': 1,
    'fs.inotify.max_user_watches': 1000,
  }
  const live: [RegExp, string] = [
    /sysctl -e/,
    'net.ipv4.ip_forward = 0\nfs.inotify.max_user_watches = 5000',
  ]

  test('are raised to what is wanted, and never lowered', async () => {
    const { machine, written } = fake(false, [live])
    await ensureSysctls(machine, '/etc/sysctl.d/a.conf', wanted, [])
    expect(written['/etc/sysctl.d/a.conf']).toBe(
      'net.ipv4.ip_forward = 1\nfs.inotify.max_user_watches = 5000\n',
    )
  })

  test('of the host are left alone by a container', async () => {
    const { machine, written, ran } = fake(true, [live])
    await ensureSysctls(machine, '/etc/sysctl.d/a.conf', wanted, [
      'kernel.panic',
      'net.netfilter.nf_conntrack_max',
    ])
    expect(written['/etc/sysctl.d/a.conf']).toBe('net.ipv4.ip_forward = 1\n')
    expect(ran.join()).not.toMatch(/kernel\.panic|fs\.inotify/)
    expect(ran.join()).toContain('net.netfilter.nf_conntrack_max')
  })

  test('at the next start are those of the last file that sets them', async () => {
    const { machine } = fake(false, [
      [
        /cat-config/,
        '# /usr/lib/sysctl.d/50-default.conf\n-net.ipv4.ip_forward = 0\n' +
          '# /etc/sysctl.d/99-b.conf\nnet/ipv4/ip_forward=1\n; net.a=1',
      ],
    ])
    expect(
      await sysctlsAtStart(machine, ['net.ipv4.ip_forward', 'net.a']),
    ).toEqual({ 'net.ipv4.ip_forward': '1', 'net.a': '' })
  })
})
