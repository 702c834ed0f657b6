import { describe, expect, test } from 'vitest'
import { readChecksum, sha256Of } from '../../lib/artifacts/checksum.ts'
import { clearSigned } from '../artifacts/publisher.ts'

const one = sha256Of('one')
const two = sha256Of('two')

describe('a checksum file', () => {
  test('may hold the hash alone, with or without a newline', () => {
    expect(readChecksum(one, 'bare', 'kubelet', 'url')).toBe(one)
    expect(readChecksum(`${one}\n`, 'bare', 'kubelet', 'url')).toBe(one)
  })

  test('may hold many hashes and names', () => {
    const text = `${one}  etcd-amd64.tar.gz\n${two}  etcd-arm64.tar.gz\n`
    const name = 'etcd-arm64.tar.gz'
    expect(readChecksum(text, 'sums', name, 'url')).toBe(two)
  })

  test('may mark a name as binary, or put a folder before it', () => {
    const text = `${one} *runc.amd64\n${two}  release/runc.arm64\n`
    expect(readChecksum(text, 'sums', 'runc.amd64', 'url')).toBe(one)
    expect(readChecksum(text, 'sums', 'runc.arm64', 'url')).toBe(two)
  })

  test('does not take a name for another that ends like it', () => {
    const text = `${one}  my-runc.amd64\n${two}  runc.amd64\n`
    expect(readChecksum(text, 'sums', 'runc.amd64', 'url')).toBe(two)
  })

  test('may be clear-signed: the header is no hash, nor the signature', () => {
    const text = clearSigned([`${one}  runc.amd64`, `${two}  runc.arm64`])
    expect(readChecksum(text, 'clear-signed', 'runc.arm64', 'url')).toBe(two)
  })

  test('may be clear-signed with lines that begin with a dash', () => {
    const text = clearSigned(['- -- release --', `${one}  runc.amd64`])
    expect(readChecksum(text, 'clear-signed', 'runc.amd64', 'url')).toBe(one)
  })

  test('does not count what stands outside of the signed part', () => {
    const text = `${two}  runc.amd64\n${clearSigned([`${one}  runc.amd64`])}`
    expect(readChecksum(text, 'clear-signed', 'runc.amd64', 'url')).toBe(one)
  })

  test.each([
    ['an empty text', '', 'bare', 'found nothing'],
    ['a page of a proxy', '<html>', 'bare', 'found "<html>"'],
    ['a hash too short', one.slice(1), 'bare', 'found "'],
    ['a hash with a name', `${one}  kubelet`, 'bare', 'found "'],
    ['another name', `${one}  kubectl`, 'sums', 'found none'],
    [
      'two hashes for a name',
      `${one}  kubelet\n${two}  kubelet`,
      'sums',
      'found several that differ',
    ],
    [
      'no signature',
      `${one}  kubelet`,
      'clear-signed',
      'found no OpenPGP clear-signed text',
    ],
  ] as const)('with %s is refused', (_, text, form, found) => {
    const read = () => readChecksum(text, form, 'kubelet', 'http://x/sums')
    expect(read).toThrow(`Checksum file http://x/sums: ${found}`)
    expect(read).toThrow('wanted is one sha256 for kubelet')
  })
})
