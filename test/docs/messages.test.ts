import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { page, readPages } from '../../commands/docs/pages.ts'
import { repository } from '../../commands/docs/recorded.ts'
import { expectNone } from './at.ts'
import { clausesOf, isSaid, messagesOf, unsaid } from './messages.ts'

const stepPages = readPages().filter(({ step }) => step)

const sources = globSync('{steps,lib}/**/*.ts', { cwd: repository })
const clauses = sources.flatMap((file) =>
  clausesOf(readFileSync(join(repository, file), 'utf8')),
)

// Said by etcd, HAProxy, CoreDNS, and programs and libraries of Kubernetes.
const ofOthers = [
  'x509: certificate is valid for …, not …',
  'rejected connection on peer endpoint',
  'member … has already been bootstrapped',
  'context deadline exceeded',
  'x509: certificate signed by unknown authority',
  'Error from server (Forbidden): … is forbidden: User "kubernetes-admin" cannot …',
  'violates PodSecurity "baseline:latest"',
  'leaderelection lost',
  'cannot bind socket (Address already in use) [127.0.0.1:7443]',
  'kubelet is configured to not run on a host using cgroup v1',
  `cannot validate certificate for 10.10.0.21 because it doesn't contain any IP SANs`,
  'cni plugin not initialized',
  'detected for zone "."',
  'no servers could be reached',
  'NXDOMAIN',
  'provided IP is already allocated',
]

describe('messages that a step page explains', () => {
  test('are what the code says, or of another program', () => {
    expectNone(stepPages.flatMap((page) => unsaid(page, clauses, ofOthers)))
  })

  test('are of another program only where a page has them', () => {
    const messages = stepPages.flatMap(messagesOf).map(({ text }) => text)
    expect(ofOthers.filter((text) => !messages.includes(text))).toEqual([])
    expect(ofOthers.filter((text) => isSaid(text, clauses))).toEqual([])
  })
})

describe('this check can fail', () => {
  const said = clausesOf(
    [
      'wait(`waited ${limit} s until ${what}`, `${what}, in vain`)',
      "until('etcd has a leader')",
      "say(`${name}: it is ${state}, ` + 'wanted none\\n' + `  found ${it}`)",
      "const nothing = `${a} ${b}` + '…'",
      '// etcd has no leader',
    ].join('\n'),
  )

  test.each([
    'waited 60 s until etcd has a leader, in vain',
    'cp-1: it is active, wanted none',
    'it is …, wanted none',
    'found kubelet',
  ])('said: %s', (text) => {
    expect(isSaid(text, said)).toBe(true)
  })

  test.each([
    'waited 60 s until etcd has no leader, in vain',
    'waited 60 seconds until etcd has a leader, in vain',
    'cp-1: it was active, wanted none',
    'it is in a bad state, wanted none',
    'etcd leads',
    'etcd',
  ])('not said: %s', (text) => {
    const wrong = page('steps/05-etcd.md', `\`\`\`text\n${text}\n\`\`\``)
    expect(unsaid(wrong, said, [])).toEqual([
      expect.stringContaining(`docs/steps/05-etcd.md:1: nothing in steps/`),
    ])
    expect(unsaid(wrong, said, [text])).toEqual([])
  })
})
