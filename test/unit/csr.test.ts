import { spawnSync } from 'node:child_process'
import forge from 'node-forge'
import { expect, test } from 'vitest'
import { subjectOf } from '../../lib/csr.ts'
import { GuideError } from '../../lib/errors.ts'

const openssl = spawnSync('openssl', ['version']).status === 0
const keys = forge.pki.rsa.generateKeyPair({ bits: 1024 })

/** A request as the API holds it: PEM in base64. */
function requestFor(fields: forge.pki.CertificateField[]): string {
  const request = forge.pki.createCertificationRequest()
  request.publicKey = keys.publicKey
  request.setSubject(fields)
  request.sign(keys.privateKey)
  return inBase64(forge.pki.certificationRequestToPem(request))
}

function inBase64(text: string): string {
  return Buffer.from(text, 'latin1').toString('base64')
}

const node = { name: 'commonName', value: 'system:node:worker-1' }
const group = (value: string) => ({ name: 'organizationName', value })

test('a request says for whom it asks, and for which groups', () => {
  expect(subjectOf(requestFor([group('system:nodes'), node]))).toEqual({
    commonName: 'system:node:worker-1',
    organizations: ['system:nodes'],
  })
})

test('groups are all told, in their order, and none when there is none', () => {
  const two = requestFor([node, group('b'), group('a')])
  expect(subjectOf(two).organizations).toEqual(['b', 'a'])
  expect(subjectOf(requestFor([node])).organizations).toEqual([])
})

test('a request of two names is refused: readers differ on which counts', () => {
  const other = { name: 'commonName', value: 'system:node:cp-1' }
  expect(() => subjectOf(requestFor([node, other]))).toThrow(
    'Cannot read a request for a certificate: found 2 common names, wanted 1',
  )
})

test('a request for nobody is refused', () => {
  expect(() => subjectOf(requestFor([group('system:nodes')]))).toThrow(
    'found 0 common names',
  )
})

// A kubelet makes such a key.
test.runIf(openssl)('a request with an elliptic key is read as well', () => {
  const { stdout } = spawnSync(
    'openssl',
    [
      ...[
        'req',
        '-new',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
      ],
      ...['-nodes', '-keyout', '/dev/null', '-config', '/dev/null'],
      ...['-subj', '/O=system:nodes/CN=system:node:cp-1'],
    ],
    { encoding: 'utf8' },
  )
  expect(subjectOf(inBase64(stdout))).toEqual({
    commonName: 'system:node:cp-1',
    organizations: ['system:nodes'],
  })
})

const whole = Buffer.from(requestFor([node]), 'base64').toString()

test.each([
  ['nothing', ''],
  ['no base64', '***'],
  ['text', inBase64('hello')],
  ['a request that was cut off', inBase64(whole.slice(0, 200))],
  ['an empty request', inBase64(pem(''))],
  ['a request of noise', inBase64(pem('\x30\x03\x02\x01\x05'))],
  [
    'a name of noise',
    inBase64(pem('\x30\x08\x30\x06\x02\x01\x00\x02\x01\x05')),
  ],
])('%s is refused', (_, request) => {
  expect(() => subjectOf(request)).toThrow(GuideError)
  expect(() => subjectOf(request)).toThrow('Cannot read a request')
})

function pem(body: string): string {
  return forge.pem.encode({ type: 'CERTIFICATE REQUEST', body })
}
