import { chain } from './chain.ts'

export const imageRegistryAndAirGap = chain({
  name: 'decide-image-registry-and-air-gap',
  title: 'Where images and binaries come from',
  description:
    'Questions that lead to public registries, preloaded images, a registry ' +
    'of your own, or to a mirror for what this guide installs.',
  forks: [
    {
      question: 'Do machines reach the internet, and may they?',
      answer: 'yes',
      choice: 'Publishers and public registries',
    },
    {
      question: 'Will you run images other than the guide’s?',
      answer: 'no',
      choice: 'A mirror, or files over SSH',
    },
    {
      question: 'Are there a few machines that rarely change?',
      answer: 'yes',
      choice: 'Preloaded and pinned images',
    },
  ],
  otherwise: 'A registry of your own, and hosts.toml',
  chosen: 'A mirror, or files over SSH',
})
