import { chain } from './chain.ts'

export const certificateLifetime = chain({
  name: 'decide-certificate-lifetime',
  title: 'How long certificates live',
  description:
    'Questions that lead to certificates of ten years, of hours or days, or ' +
    'of one year, which this guide issues.',
  forks: [
    {
      question: 'Will the cluster be deleted before a year is over?',
      answer: 'yes',
      choice: 'Any: nothing will expire',
    },
    {
      question: 'Does an issuer that never sleeps renew them?',
      answer: 'yes',
      choice: 'Hours to weeks',
    },
    {
      question: 'Will somebody run the steps each year?',
      answer: 'yes',
      choice: 'One year',
    },
  ],
  otherwise: 'Build renewal first: ten years only hide it',
  chosen: 'One year',
})
