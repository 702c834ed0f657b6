import { chain } from './chain.ts'

export const encryptionAtRest = chain({
  name: 'decide-encryption-at-rest',
  title: 'How to encrypt Secrets in etcd',
  description:
    'Questions that lead to no encryption, a key service, AES-CBC, or to ' +
    'secretbox, which this guide uses.',
  forks: [
    {
      question: 'Could the disk or a snapshot get lost?',
      answer: 'no',
      choice: 'No encryption, and no key to lose',
    },
    {
      question: 'Must the key stay off the control planes?',
      answer: 'yes',
      choice: 'KMS v2, and keep the key service up',
    },
    {
      question: 'Does a rule demand AES, for a local key?',
      answer: 'yes',
      choice: 'aesgcm, with rotation that runs by itself',
    },
  ],
  otherwise: 'secretbox',
  chosen: 'secretbox',
})
