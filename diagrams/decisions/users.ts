import { chain } from './chain.ts'

export const users = chain({
  name: 'decide-users',
  title: 'How somebody proves who they are',
  description:
    'Four questions about who calls the API and what the organization runs ' +
    'already lead to one of five ways to authenticate.',
  forks: [
    {
      question: 'Is the caller a program in the cluster?',
      answer: 'yes',
      choice: 'A service account',
    },
    {
      question: 'Are there two or three people, and no identity provider?',
      answer: 'yes',
      choice: 'Client certificates',
    },
    {
      question: 'Does the provider speak OpenID Connect?',
      answer: 'yes',
      choice: 'OIDC by a configuration file',
    },
    {
      question: 'Do you write and run services yourself?',
      answer: 'yes',
      choice: 'A token webhook',
    },
  ],
  otherwise: 'A bridge that speaks OIDC',
  chosen: 'Client certificates',
})
