import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { maskOutput, type Place } from '../../commands/docs/masks.ts'
import { parseUse } from '../../commands/docs/measure.ts'
import { refuseSecrets, secretWords } from '../../commands/docs/secrets.ts'

const place: Place = {
  pods: '10.20.0.0/16',
  services: '10.30.0.0/16',
  fixed: ['10.30.0.1', '10.30.0.10'],
  folders: { '/work/main': '~/guide' },
}

const masked = (...lines: string[]) => maskOutput(lines.join('\n'), place)

describe('what differs from run to run is masked', () => {
  test.each([
    ['  ✓ cp-1  1.2 s  ok (3 checked)', '  ✓ cp-1  … s  ok (3 checked)'],
    ['  3 verified  12.0 s', '  3 verified  … s'],
    ['at 2026-11-23T22:56:24.123456Z', 'at …'],
    ['Active: since Mon 2026-11-23 22:56:24 UTC; 1min 22s ago', undefined],
    ['notAfter=Nov 23 22:56:24 2027 GMT', 'notAfter=…'],
    ['Created: Mon, 23 Nov 2026 22:56:24 +0000', 'Created: …'],
    ['I1123 22:56:24.123456    1234 a.go:1] b', 'I… a.go:1] b'],
    ['Nov 23 22:56:24 cp-1 etcd[767]: ready', '… cp-1 etcd[…]: ready'],
    ['uid d79122ff-6ed8-4021-9469-b3e2910a99b2', 'uid …'],
    ['link/ether 02:42:ac:11:00:02 brd', 'link/ether … brd'],
    ['member da7ea2f25a5cb001 leads', 'member … leads'],
    ['"member_id":15744059326553698305', '"member_id":…'],
    ['sha256:57151ab3d3bc4e13…', 'sha256:…'],
    ['pod coredns-54567b67dd-cl9vs', 'pod coredns-54567b67dd-…'],
    ['csr-rj67q system:bootstrap:0799c3', 'csr-… system:bootstrap:…'],
    ['deleted bootstrap-token-0799c3', 'deleted bootstrap-token-…'],
    ['10.20.3.0/24 via 10.10.0.12', '10.20.…/24 via 10.10.0.12'],
    ['Checked 12 files in 523ms. Fine.', 'Checked 12 files in …. Fine.'],
    ['node_memory_bytes 1.2e+08 1763937600000', 'node_memory_bytes …'],
    ['veth1a2b3c4d@if2 up', 'veth…@if… up'],
    ['ClusterIP 10.30.99.7, 10.30.0.10', 'ClusterIP 10.30.…, 10.30.0.10'],
    ['from 10.10.0.254:60052', 'from 10.10.0.254:…'],
    ['Main PID: 767 (etcd)', 'Main PID: … (etcd)'],
    ['  Memory: 34.1M (peak: 40M)', '  Memory: …'],
    ['users:(("etcd",pid=767,fd=8))', 'users:(("etcd",pid=…,fd=…))'],
    ['in /work/main/steps', 'in ~/guide/steps'],
    [`${'MIIC'.repeat(16)}`, '…'],
  ])('%s', (line, expected) => {
    expect(masked(line)).toEqual([expected ?? 'Active: since …; … ago'])
  })
})

describe('what was chosen stays', () => {
  test.each([
    'cp-1 is 10.10.0.11, the pods 10.20.0.0/16, port 6443',
    '--service-node-port-range=30000-32767 --sync-period=40s',
    '/etc/kubernetes/api-server/authentication.yaml 0600',
    'registry.k8s.io/coredns/coredns:v1.14.7',
    'kube-controller-manager worker-1 deny-all http-proxy',
    '/work/mainly',
  ])('%s', (line) => {
    expect(masked(line)).toEqual([line])
  })
})

test('a table of kubectl is laid out anew, and sorted where names are chance', () => {
  expect(
    masked(
      'NAME                       READY   AGE     IP',
      'coredns-54567b67dd-zg4jt   1/1     2m13s   10.20.0.3',
      'coredns-54567b67dd-cl9vs   0/1     45s     10.20.0.14',
    ),
  ).toEqual([
    'NAME                   READY   AGE   IP',
    'coredns-54567b67dd-…   0/1     …     10.20.…',
    'coredns-54567b67dd-…   1/1     …     10.20.…',
  ])
})

test('a table of etcdctl loses its lines, and the ids', () => {
  expect(
    masked(
      '┌──────────────────┬─────────┬────────────┐',
      '│        ID        │ VERSION │ RAFT INDEX │',
      '├──────────────────┼─────────┼────────────┤',
      '│ da7ea2f25a5cb001 │   3.7.1 │        997 │',
      '└──────────────────┴─────────┴────────────┘',
    ),
  ).toEqual(['ID   VERSION   RAFT INDEX', '…    3.7.1     …'])
})

test('the body of a certificate becomes one line, and colors go', () => {
  const body = ['  + MIIC', '  + a1b2', '  + Ag==']
  expect(
    masked(
      '\u001b[32mca.crt\u001b[0m',
      '  + -----BEGIN CERTIFICATE-----',
      ...body,
      '  + -----END CERTIFICATE-----',
    ),
  ).toEqual([
    'ca.crt',
    '  + -----BEGIN CERTIFICATE-----',
    '  + …',
    '  + -----END CERTIFICATE-----',
  ])
  expect(masked('')).toEqual([])
})

describe('secrets are never recorded', () => {
  const secret = 'c2VjcmV0IG9mIHRoaXMgY2x1c3RlciE0NTY3ODk='
  test.each([
    ['-----BEGIN RSA PRIVATE KEY-----'],
    ['joined with 0799c3.0123456789abcdef'],
    ['eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJhIn0.c2lnbmF0dXJl'],
    ['    client-key-data: LS0tLS1'],
    [`key: ${secret}`],
  ])('%s', (line) => {
    const output = `first\n${line}`
    const record = () => refuseSecrets('a page', output, new Set([secret]))
    expect(record).toThrow(/^a page: line 2 of its output holds/)
    expect(record).not.toThrow(line)
  })

  test('the secrets of a cluster are what its folder holds in private', () => {
    const folder = mkdtempSync(join(tmpdir(), 'kfs-secrets-'))
    const word = (letter: string) => letter.repeat(44)
    const write = (path: string, text: string) => {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    }
    write('pki/cluster/ca.key', `-----BEGIN\n${word('a')}\n`)
    write('pki/cluster/ca.crt', word('b'))
    write('ssh/id_ed25519', word('c'))
    write('ssh/id_ed25519.pub', word('d'))
    const kubeconfig = ['client-certificate', 'client-key'].map(
      (name, index) => `    ${name}-data: ${word('ef'.charAt(index))}`,
    )
    write('kubeconfig/admin.yaml', kubeconfig.join('\n'))
    write('encryption.yaml', `keys:\n  - name: key1\n    secret: ${word('g')}`)
    write('of-a-later-version', word('h'))
    const found = [...secretWords(folder)].map((it) => it.charAt(0)).sort()
    rmSync(folder, { recursive: true })
    expect(found.join('')).toBe('acfgh')
  })

  test('what is no secret passes', () => {
    const output = 'etcd.service\n/etc/etcd/pki/server.key 600\nsha256:ab12'
    refuseSecrets('a page', output, new Set([secret]))
  })
})

test('what machines use is summed up', () => {
  const output = 'Pss:   12 kB\nPss:     30 kB\n4096\ttotal'
  expect(parseUse(output)).toEqual({ memoryBytes: 43008, diskBytes: 4096 })
  expect(() => parseUse('nothing')).toThrow('Cannot read')
})
