import { spawnSync } from 'node:child_process'
import {
  createPrivateKey,
  createPublicKey,
  sign,
  verify,
  X509Certificate,
} from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type ConnectionOptions,
  connect,
  createServer,
  type TLSSocket,
} from 'node:tls'
import { afterAll, beforeAll, expect, describe as group, test } from 'vitest'
import {
  canonicalAddress,
  canonicalName,
  createAuthority,
  createKeyPair,
  describe,
  issue,
  type MistakeKind,
  mistakesOf,
  mistakesOfAuthority,
  type Pair,
} from '../../lib/pki.ts'

const now = new Date('2026-11-23T12:00:00.000Z')
const inDays = (days: number) => new Date(now.getTime() + days * 86_400_000)
const openssl = spawnSync('openssl', ['version']).status === 0
const folder = mkdtempSync(join(tmpdir(), 'pki-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

const serverIdentity = {
  commonName: 'kube-apiserver',
  dnsNames: ['kubernetes', 'kubernetes.default.svc.cluster.local'],
  addresses: ['127.0.0.1', '10.30.0.1', 'FD00:0::1'],
  usages: ['server'] as const,
}
const clientIdentity = {
  commonName: 'system:node:worker-1',
  organizations: ['system:nodes', 'zweite, Gruppe'],
  usages: ['client'] as const,
}

let authority: Pair
let stranger: Pair
let server: Pair
let client: Pair
let foreignClient: Pair

beforeAll(async () => {
  const days = 3650
  const commonName = 'kubernetes-ca'
  // Same name as the authority: names must not be what trust rests on.
  ;[authority, stranger] = await Promise.all([
    createAuthority({ commonName, days }),
    createAuthority({ commonName, days }),
  ])
  ;[server, client, foreignClient] = await Promise.all([
    issue({ authority, ...serverIdentity, days: 365 }),
    issue({ authority, ...clientIdentity, days: 365 }),
    issue({ authority: stranger, ...clientIdentity, days: 365 }),
  ])
})

group('an authority', () => {
  test('signs itself and may sign others', () => {
    const certificate = new X509Certificate(authority.certificate)
    expect(certificate.ca).toBe(true)
    expect(certificate.verify(certificate.publicKey)).toBe(true)
    expect(certificate.checkIssued(certificate)).toBe(true)
    expect(describe(authority.certificate)).toMatchObject({
      commonName: 'kubernetes-ca',
      issuerCommonName: 'kubernetes-ca',
      organizations: [],
      isAuthority: true,
      usages: [],
    })
  })

  test('lives from five minutes ago for the days asked for', async () => {
    const pair = await createAuthority({ commonName: 'a', days: 10, now })
    const { notBefore, notAfter } = describe(pair.certificate)
    expect(notBefore).toEqual(new Date('2026-11-23T11:55:00Z'))
    expect(notAfter).toEqual(inDays(10))
  })

  test('may live beyond 2049, where the encoding of dates changes', async () => {
    const days = 36_500
    const pair = await createAuthority({ commonName: 'a', days, now })
    expect(describe(pair.certificate).notAfter).toEqual(inDays(days))
    const raw = new X509Certificate(pair.certificate).raw.toString('latin1')
    // 0x17 is UTCTime (two digits of the year), 0x18 GeneralizedTime.
    expect(raw).toContain('\x17\x0d261123115500Z\x18\x0f21261030120000Z')
  })

  test.each([0, -1, 36_501, Number.NaN])(
    'of %d days is refused',
    async (days) => {
      await expect(createAuthority({ commonName: 'a', days })).rejects.toThrow(
        `Cannot make a certificate for ${days} days: allowed is more than 0`,
      )
    },
  )

  test('without a name is refused', async () => {
    await expect(createAuthority({ commonName: ' ', days: 1 })).rejects.toThrow(
      "found the name ' '",
    )
  })
})

group('an issued certificate', () => {
  test('carries name, groups, alternative names and usages', () => {
    expect(describe(server.certificate)).toMatchObject({
      commonName: 'kube-apiserver',
      organizations: [],
      dnsNames: ['kubernetes', 'kubernetes.default.svc.cluster.local'],
      addresses: ['127.0.0.1', '10.30.0.1', 'fd00::1'],
      usages: ['server'],
      isAuthority: false,
      issuerCommonName: 'kubernetes-ca',
    })
    expect(describe(client.certificate)).toMatchObject({
      commonName: 'system:node:worker-1',
      organizations: ['system:nodes', 'zweite, Gruppe'],
      dnsNames: [],
      addresses: [],
      usages: ['client'],
    })
  })

  test('is signed by its authority and belongs to its key', () => {
    for (const pair of [server, client]) {
      const certificate = new X509Certificate(pair.certificate)
      const issuer = new X509Certificate(authority.certificate)
      expect(certificate.checkIssued(issuer)).toBe(true)
      expect(certificate.verify(issuer.publicKey)).toBe(true)
      expect(certificate.checkPrivateKey(createPrivateKey(pair.key))).toBe(true)
    }
  })

  test('answers for its own addresses and names alone', () => {
    const certificate = new X509Certificate(server.certificate)
    expect(certificate.checkIP('10.30.0.1')).toBe('10.30.0.1')
    expect(certificate.checkIP('fd00::1')).toBe('fd00::1')
    expect(certificate.checkIP('10.30.0.2')).toBeUndefined()
    expect(certificate.checkHost('kubernetes')).toBe('kubernetes')
    expect(certificate.checkHost('kube-apiserver')).toBeUndefined()
  })

  test('may serve for both usages, as an etcd member does', async () => {
    const usages = ['client', 'server'] as const
    const pair = await issue({
      authority,
      ...serverIdentity,
      usages,
      days: 1,
    })
    expect(describe(pair.certificate).usages.toSorted()).toEqual(usages)
  })

  test('never outlives its authority', async () => {
    const short = await createAuthority({ commonName: 'a', days: 10, now })
    const pair = await issue({
      authority: short,
      ...clientIdentity,
      days: 365,
      now,
    })
    expect(describe(pair.certificate).notAfter).toEqual(inDays(10))
  })

  test('has a positive serial number of 16 octets that does not repeat', () => {
    const serials = [authority, stranger, server, client, foreignClient].map(
      (pair) => describe(pair.certificate).serial,
    )
    expect(new Set(serials).size).toBe(5)
    for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9A-F]{31}$/)
  })

  test('is PEM with the line ends of Unix', () => {
    expect(server.certificate).not.toContain('\r')
    expect(server.certificate).toMatch(/-----END CERTIFICATE-----\n$/)
    expect(server.key).toMatch(/^-----BEGIN PRIVATE KEY-----\n/)
  })

  test('names each address and name once', async () => {
    const pair = await issue({
      authority,
      commonName: 'a',
      dnsNames: ['localhost', 'LOCALHOST'],
      addresses: ['::1', '0:0:0:0:0:0:0:1', '::ffff:10.0.0.1'],
      usages: ['server'],
      days: 1,
    })
    expect(describe(pair.certificate)).toMatchObject({
      dnsNames: ['localhost'],
      addresses: ['::1', '::ffff:a00:1'],
    })
  })

  test('fits an authority whose name is not ASCII', async () => {
    const umlaut = await createAuthority({ commonName: 'Schlüssel', days: 1 })
    const pair = await issue({
      authority: umlaut,
      commonName: 'Jürgen',
      usages: ['client'],
      days: 1,
    })
    expect(describe(pair.certificate)).toMatchObject({
      commonName: 'Jürgen',
      issuerCommonName: 'Schlüssel',
    })
    expect(
      mistakesOf(pair, {
        authority: umlaut.certificate,
        wanted: { commonName: 'Jürgen', usages: ['client'] },
      }),
    ).toEqual([])
  })

  test.each<[string, object, string]>([
    ['an empty name', { commonName: '' }, "found the name ''"],
    ['an empty group', { organizations: [''] }, "found the name ''"],
    ['no usage', { usages: [] }, 'found no usage'],
    ['no names for a server', { usages: ['server'] }, 'found no DNS name'],
    ['an address as name', { dnsNames: ['10.0.0.1'] }, "found '10.0.0.1'"],
    ['a name as address', { addresses: ['cp-1'] }, "found 'cp-1'"],
    ['a range as address', { addresses: ['10.0.0.0/8'] }, "'10.0.0.0/8'"],
    ['a lifetime of nothing', { days: 0 }, 'for 0 days'],
  ])('is refused with %s', async (_, change, message) => {
    const wanted = { authority, ...clientIdentity, days: 1, ...change }
    await expect(issue(wanted)).rejects.toThrow(message)
  })

  test.each<[string, () => Pair, string]>([
    ['a leaf', () => server, 'may not sign others (CA:FALSE)'],
    [
      'the key of another',
      () => ({ ...authority, key: stranger.key }),
      'its key does not belong to its certificate',
    ],
    ['no key', () => ({ ...authority, key: '' }), 'Cannot read a private key'],
    [
      'swapped files',
      () => ({ certificate: authority.key, key: authority.certificate }),
      'Cannot read a certificate: found a private key',
    ],
  ])('is refused by %s in place of an authority', async (_, wrong, message) => {
    const wanted = { authority: wrong(), ...clientIdentity, days: 1 }
    await expect(issue(wanted)).rejects.toThrow(message)
  })

  test('is refused by an authority that has expired', async () => {
    const later = new Date(Date.now() + 3651 * 86_400_000)
    await expect(
      issue({ authority, ...clientIdentity, days: 1, now: later }),
    ).rejects.toThrow(/authority 'kubernetes-ca': it expired on 20\d\d-/)
  })
})

test('a key pair signs and verifies tokens as RS256 does', async () => {
  const { privateKey, publicKey } = await createKeyPair()
  const token = Buffer.from('header.claims')
  const signature = sign('sha256', token, createPrivateKey(privateKey))
  expect(verify('sha256', token, publicKey, signature)).toBe(true)
  expect(createPublicKey(publicKey).asymmetricKeyDetails?.modulusLength).toBe(
    2048,
  )
})

group('mistakes', () => {
  const kinds = (
    pair: Pair,
    change: object = {},
    clock: { now?: Date; soonDays?: number } = {},
  ): MistakeKind[] =>
    mistakesOf(pair, {
      authority: authority.certificate,
      wanted: { ...clientIdentity, ...change },
      ...clock,
    }).map(({ kind }) => kind)

  test('of a pair that is as wanted are none', () => {
    expect(kinds(client)).toEqual([])
    expect(kinds(server, { organizations: [], ...serverIdentity })).toEqual([])
    expect(
      mistakesOfAuthority(authority, { commonName: 'kubernetes-ca' }),
    ).toEqual([])
  })

  test('do not depend on order, case or the form of an address', () => {
    expect(
      kinds(server, {
        ...serverIdentity,
        organizations: [],
        dnsNames: serverIdentity.dnsNames.map((name) => name.toUpperCase()),
        addresses: ['fd00:0:0::1', '10.30.0.1', '127.0.0.1'],
      }),
    ).toEqual([])
  })

  test('of names tell what is missing and what is not wanted', () => {
    const [mistake] = mistakesOf(server, {
      authority: authority.certificate,
      wanted: {
        ...serverIdentity,
        dnsNames: ['kubernetes', 'cp-4'],
        addresses: ['127.0.0.1', '10.30.0.1', '10.10.0.14'],
      },
    })
    expect(mistake).toEqual({
      kind: 'names',
      message:
        'names differ: missing cp-4, 10.10.0.14; not wanted ' +
        'kubernetes.default.svc.cluster.local, fd00::1',
    })
  })

  test('of identity are told apart', () => {
    expect(kinds(client, { commonName: 'admin' })).toEqual(['common-name'])
    expect(kinds(client, { organizations: ['system:masters'] })).toEqual([
      'organizations',
    ])
    expect(kinds(client, { usages: ['client', 'server'] })).toEqual(['usages'])
  })

  test('name a foreign authority even when its name is the same', () => {
    expect(
      mistakesOf(foreignClient, {
        authority: authority.certificate,
        wanted: clientIdentity,
      }),
    ).toEqual([
      {
        kind: 'other-authority',
        message:
          "signed by another authority: found 'kubernetes-ca', wanted the " +
          'one with the fingerprint ' +
          new X509Certificate(authority.certificate).fingerprint256,
      },
    ])
  })

  test('name a key of another certificate', () => {
    expect(kinds({ ...client, key: server.key })).toEqual(['other-key'])
  })

  test.each<[string, () => Pair]>([
    ['an empty certificate', () => ({ ...client, certificate: '' })],
    ['an empty key', () => ({ ...client, key: '' })],
    [
      'a truncated certificate',
      () => ({ ...client, certificate: client.certificate.slice(0, 500) }),
    ],
    ['swapped files', () => ({ certificate: client.key, key: client.key })],
  ])('name %s unreadable, and quote no key', (_, pair) => {
    const mistakes = mistakesOf(pair(), {
      authority: authority.certificate,
      wanted: clientIdentity,
    })
    expect(mistakes.map(({ kind }) => kind)).toEqual(['unreadable'])
    expect(mistakes[0]?.message).not.toContain(client.key.slice(40, 50))
  })

  test('of dates: not yet, soon, over', async () => {
    const pair = await issue({ authority, ...clientIdentity, days: 365 })
    const { notBefore, notAfter } = describe(pair.certificate)
    const at = (date: Date, days: number) => ({
      now: new Date(date.getTime() + days * 86_400_000),
    })
    expect(kinds(pair, {}, at(notBefore, -1))).toEqual(['not-yet-valid'])
    expect(kinds(pair, {}, at(notAfter, -31))).toEqual([])
    expect(kinds(pair, {}, at(notAfter, -29))).toEqual(['expires-soon'])
    expect(kinds(pair, {}, { ...at(notAfter, -29), soonDays: 7 })).toEqual([])
    expect(kinds(pair, {}, at(notAfter, 1))).toEqual(['expired'])
  })

  test('of dates say when', async () => {
    const own = await createAuthority({ commonName: 'a', days: 10, now })
    const [soon] = mistakesOfAuthority(own, {
      commonName: 'a',
      now: inDays(8.5),
    })
    expect(soon?.message).toBe('expires in 1 day, on 2026-12-03T12:00:00Z')
    const [over] = mistakesOfAuthority(own, {
      commonName: 'a',
      now: inDays(11),
    })
    expect(over?.message).toBe('expired on 2026-12-03T12:00:00Z')
  })

  test('do not ask for what a new certificate would not cure', async () => {
    const own = await createAuthority({ commonName: 'a', days: 10, now })
    const pair = await issue({
      authority: own,
      ...clientIdentity,
      days: 365,
      now,
    })
    const options = { now: inDays(9.5) }
    expect(
      mistakesOf(pair, {
        authority: own.certificate,
        wanted: clientIdentity,
        ...options,
      }),
    ).toEqual([])
    expect(
      mistakesOfAuthority(own, { commonName: 'a', ...options }),
    ).toMatchObject([{ kind: 'expires-soon' }])
  })

  test('leave a certificate of a short life most of it', async () => {
    const pair = await issue({ authority, ...clientIdentity, days: 1 })
    expect(kinds(pair)).toEqual([])
  })

  test('name a leaf that stands in for an authority', () => {
    expect(
      mistakesOfAuthority(server, { commonName: 'kubernetes-ca' }),
    ).toMatchObject([{ kind: 'not-an-authority' }, { kind: 'common-name' }])
  })
})

group('names', () => {
  test.each([
    ['10.0.0.1', '10.0.0.1'],
    ['::', '::'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['FE80::00AB', 'fe80::ab'],
    ['::ffff:10.0.0.1', '::ffff:a00:1'],
  ])('the address %s is compared as %s', (given, canonical) => {
    expect(canonicalAddress(given)).toBe(canonical)
  })

  test.each([
    '',
    '10.0.0',
    '10.0.0.1:80',
    '[::1]',
    'fe80::1%eth0',
    '010.0.0.1',
  ])('the address %j is refused', (address) => {
    expect(() => canonicalAddress(address)).toThrow('Not an IP address')
  })

  test.each(['localhost', '*.etcd.local', 'a-b.c', '_srv.a', '1a', 'A.B'])(
    'the name %s is accepted',
    (name) => {
      expect(canonicalName(name)).toBe(name.toLowerCase())
    },
  )

  test.each(['', '*', 'a..b', '-a', 'a b', 'a,DNS:b', 'ü', '10.0.0.1', '::1'])(
    'the name %j is refused',
    (name) => {
      expect(() => canonicalName(name)).toThrow('Not a DNS name')
    },
  )
})

group.skipIf(!openssl)('OpenSSL', () => {
  const file = (name: string, text: string) => {
    const path = join(folder, name)
    writeFileSync(path, text)
    return path
  }
  const run = (...args: string[]) => {
    const { stdout, stderr } = spawnSync('openssl', args, { encoding: 'utf8' })
    return stdout + stderr
  }
  const made = (
    subject: string,
    extensions: string[],
    key = ['-newkey', 'rsa:2048'],
  ): Pair => {
    const text = [
      ...['[req]', 'distinguished_name = name', 'x509_extensions = extensions'],
      ...['[name]', '[extensions]', ...extensions, ''],
    ].join('\n')
    run(
      ...['req', '-x509', ...key, '-nodes', '-days', '9', '-utf8'],
      ...['-subj', subject, '-config', file('made.cnf', text)],
      ...['-keyout', join(folder, 'made.key')],
      ...['-out', join(folder, 'made.crt')],
    )
    const read = (name: string) => readFileSync(join(folder, name), 'utf8')
    return { certificate: read('made.crt'), key: read('made.key') }
  }

  test('verifies each certificate strictly, for its own purpose only', () => {
    const ca = file('ca.crt', authority.certificate)
    const check = (pair: Pair, purpose: string) =>
      run(
        ...['verify', '-x509_strict', '-purpose', purpose, '-CAfile', ca],
        file('leaf.crt', pair.certificate),
      )
    expect(check(server, 'sslserver')).toMatch(/: OK\n$/)
    expect(check(client, 'sslclient')).toMatch(/: OK\n$/)
    expect(check(server, 'sslclient')).toMatch(/unsuitable certificate purpose/)
    expect(check(client, 'sslserver')).toMatch(/unsuitable certificate purpose/)
    expect(check(foreignClient, 'sslclient')).toMatch(/verification failed/)
    expect(check(authority, 'any')).toMatch(/: OK\n$/)
  })

  test('shows the extensions that Kubernetes documents', () => {
    const text = (pair: Pair) =>
      run('x509', '-noout', '-text', '-in', file('x.crt', pair.certificate))
    expect(text(authority)).toMatch(
      /Basic Constraints: critical\s+CA:TRUE\n[\s\S]*Key Usage: critical\s+Digital Signature, Certificate Sign, CRL Sign\n/,
    )
    expect(text(server)).toMatch(
      /Basic Constraints: critical\s+CA:FALSE\n[\s\S]*Key Usage: critical\s+Digital Signature, Key Encipherment\n[\s\S]*TLS Web Server Authentication\n/,
    )
    expect(text(client)).toMatch(/TLS Web Client Authentication\n/)
    for (const pair of [authority, server, client]) {
      expect(text(pair)).toMatch(/Version: 3 /)
      expect(text(pair)).toMatch(/Signature Algorithm: sha256WithRSA/)
      expect(text(pair)).toMatch(/X509v3 Subject Key Identifier/)
      expect(text(pair)).toMatch(/X509v3 Authority Key Identifier/)
    }
  })

  test('made an authority unlike ours, and it signs', async () => {
    const own = made('/C=DE/O=Müller \\, Söhne/O=B/CN=Würzel', [
      'basicConstraints = critical, CA:TRUE',
      'keyUsage = critical, keyCertSign',
      'subjectKeyIdentifier = 0102030405060708',
    ])
    expect(mistakesOfAuthority(own, { commonName: 'Würzel' })).toEqual([])
    expect(describe(own.certificate).organizations).toEqual([
      'Müller , Söhne',
      'B',
    ])
    const pair = await issue({ authority: own, ...serverIdentity, days: 1 })
    const ca = file('own.crt', own.certificate)
    const leaf = file('leaf.crt', pair.certificate)
    expect(run('verify', '-x509_strict', '-CAfile', ca, leaf)).toMatch(
      /: OK\n$/,
    )
  })

  test('made an authority with an EC key, which is refused', async () => {
    const own = made(
      '/CN=ec',
      ['basicConstraints = critical, CA:TRUE'],
      ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
    )
    await expect(
      issue({ authority: own, ...clientIdentity, days: 1 }),
    ).rejects.toThrow("authority 'ec': its key is ec, wanted RSA")
  })

  test('made a certificate with a name that tries to pass for two', () => {
    const pair = made('/CN=evil\\, O=system:masters', [
      'subjectAltName = @names',
      '[names]',
      'DNS.1 = a.b',
      'URI.1 = http://x/, DNS:kubernetes, IP Address:10.30.0.1',
      'DNS.2 = c.d, DNS:e.f',
    ])
    expect(describe(pair.certificate)).toMatchObject({
      commonName: 'evil, O=system:masters',
      organizations: [],
      dnsNames: ['a.b', 'c.d, DNS:e.f'],
      addresses: [],
    })
  })
})

group('a TLS handshake in which both sides show a certificate', () => {
  /** What the server says to a client, or why one of them hung up. */
  async function handshake(
    serverPair: Pair,
    options: ConnectionOptions,
  ): Promise<string> {
    const listener = createServer(
      {
        cert: serverPair.certificate,
        key: serverPair.key,
        ca: authority.certificate,
        requestCert: true,
        // The server says why it refuses; TLS 1.3 would just hang up.
        rejectUnauthorized: false,
      },
      (socket: TLSSocket) => {
        const { O } = socket.getPeerCertificate().subject
        const groups = [O].flat().join(' and ')
        socket.end(
          socket.authorized
            ? `welcome ${groups}`
            : String(socket.authorizationError),
        )
      },
    )
    listener.on('tlsClientError', () => {})
    listener.listen(0, '127.0.0.1')
    await once(listener, 'listening')
    const { port } = listener.address() as AddressInfo
    const socket = connect({ host: '127.0.0.1', port, ...options })
    try {
      let text = ''
      for await (const chunk of socket) text += chunk
      return text
    } catch (error) {
      return (error as Error & { code: string }).code
    } finally {
      socket.destroy()
      listener.close()
    }
  }
  const trusting = (pair: Pair, ca = authority): ConnectionOptions => ({
    ca: ca.certificate,
    cert: pair.certificate,
    key: pair.key,
  })

  test('succeeds when both come from the authority', async () => {
    expect(await handshake(server, trusting(client))).toBe(
      'welcome system:nodes and zweite, Gruppe',
    )
  })

  test('fails for a client of another authority of the same name', async () => {
    expect(await handshake(server, trusting(foreignClient))).toMatch(
      /UNABLE_TO_|CERT_SIGNATURE_FAILURE/,
    )
  })

  test('fails for a client that trusts another authority', async () => {
    expect(await handshake(server, trusting(client, stranger))).toMatch(
      /CERT_SIGNATURE_FAILURE|UNABLE_TO_|SELF_SIGNED|ERR_SSL_/,
    )
  })

  test('fails for a client that shows a server certificate', async () => {
    expect(await handshake(server, trusting(server))).toBe('INVALID_PURPOSE')
  })

  test('fails when the server has not the address that was dialled', async () => {
    const elsewhere = await issue({
      authority,
      commonName: 'kube-apiserver',
      dnsNames: ['kubernetes'],
      addresses: ['10.30.0.1'],
      usages: ['server'],
      days: 1,
    })
    expect(await handshake(elsewhere, trusting(client))).toBe(
      'ERR_TLS_CERT_ALTNAME_INVALID',
    )
    expect(
      await handshake(elsewhere, {
        ...trusting(client),
        servername: 'kubernetes',
      }),
    ).toMatch(/^welcome/)
  })
})
