import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { labKind, recordKind } from '../../lab/kind.ts'
import { loadLab } from '../../lab/lab-file.ts'
import { tapName } from '../../lab/names.ts'
import { labPlan } from '../../lab/plan.ts'
import { labPower } from '../../lab/power.ts'
import { qemuArguments } from '../../lab/qemu.ts'
import {
  inspectHost,
  promised,
  qemuLacks,
  virtualLacks,
} from '../../lab/requirements.ts'
import { systemOf } from '../../lab/systems.ts'
import { mebibytes } from '../../lib/amounts.ts'

const folder = mkdtempSync(join(tmpdir(), 'kfs-virtual-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('a virtual machine', () => {
  const machine = {
    name: 'cp-1',
    address: '10.10.0.11/24',
    hardwareAddress: '02:11:22:33:44:55',
    sshPort: 22,
    size: { cpus: 3, memory: 1536, disk: 4096 },
  }
  const start = (accelerator: 'kvm' | 'tcg') =>
    qemuArguments({
      ...{ cluster: 'scratch', machine, accelerator },
      ...{ image: '/image', link: 'vm-1' },
      machineId: '0123456789abcdef0123456789abcdef',
    }).join(' ')

  test('has the processors, the memory and the address of its plan', () => {
    expect(start('tcg')).toMatch(/-smp 3 -m 1536M .*mac=02:11:22:33:44:55/)
    expect(start('tcg')).toContain('systemd.hostname=cp-1')
    expect(start('tcg')).toContain('-name scratch/cp-1 ')
  })

  test('is told its identity, so that a copy of the disk is no twin', () => {
    expect(start('tcg')).toContain('systemd.machine_id=0123456789abcdef')
    expect(start('tcg')).toContain('file=identity.tar,format=raw')
  })

  test('shows the processor of this host only where KVM lets it', () => {
    expect(start('kvm')).toContain('-accel kvm -cpu host')
    expect(start('tcg')).toContain('-accel tcg,thread=multi,tb-size=1024')
    // What emulation is slow at, it does not claim to be fast at.
    for (const feature of ['erms', 'fsrm', 'fzrm', 'fsrs'])
      expect(start('tcg')).toMatch(new RegExp(`-cpu max\\S*,-${feature}\\b`))
  })

  test('gets a link whose name the kernel takes, however long its own', () => {
    const names = ['a'.repeat(63), `${'a'.repeat(62)}b`].map(tapName)
    expect(new Set(names).size).toBe(2)
    for (const name of names) expect(name.length).toBeLessThan(16)
  })

  test('runs the Debian that cluster.yaml names; containers always 12', () => {
    const release = (kind: 'vm' | 'container', os: 'debian-13' | 'debian-12') =>
      systemOf({ kind, os }).release
    expect(release('vm', 'debian-13')).toBe('trixie')
    expect(release('vm', 'debian-12')).toBe('bookworm')
    expect(release('container', 'debian-13')).toBe('bookworm')
  })
})

describe('a host too small for virtual machines', () => {
  const free = { memory: 4, disk: 20 }

  test('is told what they want, what there is and what to do', () => {
    const found = virtualLacks({ memory: 5, disk: 40 }, free)
    expect(found.map(({ what }) => what)).toEqual([
      'memory: the virtual machines may take 5.0 GiB, 4.0 GiB are free; make ' +
        'lab.sizes.ROLE.memory smaller or take fewer machines',
      expect.stringMatching(/^disk: .* 40.0 GiB, 20.0 GiB are free; make /),
    ])
  })

  test('is not refused what just fits', () => {
    expect(virtualLacks(free, free)).toEqual([])
  })

  test('has promised what running machines have not taken yet', () => {
    const running = [
      { size: 4, held: 1 },
      { size: 2, held: 2.5 },
    ]
    expect(promised(running)).toBe(3)
    expect(promised([])).toBe(0)
  })

  describe('and a cluster.yaml that wants too much of it', () => {
    const file = join(folder, 'cluster.yaml')
    beforeAll(() => {
      const cluster = parse(readFileSync('cluster.yaml', 'utf8'))
      cluster.name = 'too-much'
      const memory = '900Gi'
      const sizes = { 'control-plane': { memory }, worker: { memory } }
      cluster.lab = { machines: 'vm', sizes }
      writeFileSync(file, stringify(cluster))
    })

    test('are told so before anything is made', async () => {
      const { cluster, lab } = loadLab(file)
      const { lacks } = await inspectHost(labPlan(cluster, lab, ''))
      expect(lacks.map(({ what }) => what).join('\n')).toMatch(
        /^memory: the virtual machines may take 4500\.0 GiB, /m,
      )
    })

    test('start none of its machines, either', async () => {
      await expect(labPower(file, 'start', ['cp-1'])).rejects.toThrow(
        /^This host lacks .*\n {2}memory: .* may take 900\.0 GiB, .* are free/,
      )
    })
  })
})

describe('the QEMU of this host', () => {
  const older = 'QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7)\nCopyright'

  test.each(['QEMU emulator version 8.2.2 (Debian 1:8.2.2)', '10.0.2', ''])(
    'is no lack when it says %s',
    (said) => expect(qemuLacks(said, true)).toEqual([]),
  )

  test('is too old before version 8, and a package may mend that', () => {
    const [lack] = qemuLacks(older, true)
    expect(lack?.what).toContain('8 or later: with 7.2, machines hang')
    expect(lack?.package).toBe('qemu-system-x86')
    expect(qemuLacks(older, false)).toEqual([{ what: lack?.what }])
  })
})

describe('the kind of the machines of a lab', () => {
  test('is what is asked for, until some are made', async () => {
    expect(labKind(folder, { machines: 'container' }, false)).toBe('container')
    expect(labKind(folder, { machines: 'container' }, true)).toBe('vm')
    await recordKind(folder, 'vm')
    expect(readFileSync(join(folder, 'kind'), 'utf8')).toBe('vm\n')
  })

  test('then stays what they were made as', () => {
    expect(labKind(folder, { machines: 'container' }, false)).toBe('vm')
  })

  test('is not changed under machines that are there', async () => {
    await recordKind(folder, 'container')
    expect(() => labKind(folder, { machines: 'container' }, true)).toThrow(
      'were made as containers, and now vms are asked for',
    )
  })
})

describe('an amount', () => {
  test('is read in MiB', () => {
    expect(mebibytes('512Mi')).toBe(512)
    expect(mebibytes('2Gi')).toBe(2048)
  })

  test.each(['2G', '2', 'Gi', '-1Gi', '1.5Gi'])('is not %s', (text) => {
    expect(() => mebibytes(text)).toThrow(`${text} is no amount`)
  })
})
