import { classes, type Diagram } from '../diagram.ts'

/** A question of a decision, and the answer that ends it. */
interface Fork {
  question: string
  /** The answer that leads to `choice`; the other leads on. */
  answer: 'yes' | 'no'
  choice: string
}

/**
 * A decision as a chain of questions, narrow enough for a phone: each either
 * ends in a choice or leads to the next question. The sentences for those who
 * do not see the picture are made from the same data.
 *
 * @param decision `chosen` is the choice of this guide, word for word
 * @throws Error when `chosen` is none of the choices
 * @example
 * chain({ name: 'decide-x', title, description, forks, otherwise, chosen })
 */
export function chain(decision: {
  name: string
  title: string
  description: string
  forks: readonly Fork[]
  /** What is left when every question has led on. */
  otherwise: string
  chosen: string
}): Diagram {
  const { name, title, description, forks, otherwise, chosen } = decision
  const choices = [...forks.map(({ choice }) => choice), otherwise]
  if (!choices.includes(chosen)) {
    throw new Error(`${name}: “${chosen}” is none of ${choices.join(', ')}`)
  }
  const box = (at: number) => {
    const kind = choices[at] === chosen ? 'added' : 'plain'
    return `c${at}["${choices[at]}"]:::${kind}`
  }
  const questions = forks.map(({ question }, at) => `q${at}("${question}")`)
  const lines = forks.flatMap(({ answer }, at) => {
    const other = answer === 'yes' ? 'no' : 'yes'
    const ends = `  q${at} -- ${answer} --> ${box(at)}`
    const next = questions[at + 1] ?? box(at + 1)
    const leads = `  q${at} -- ${other} --> ${next}`
    // Left and right in turn, or the chain walks off a phone.
    return at % 2 ? [leads, ends] : [ends, leads]
  })
  return {
    name,
    title,
    description,
    text: [
      ...forks.map(
        ({ question, answer, choice }) =>
          `${question} If ${answer}: ${choice}.`,
      ),
      `If none of these ends it: ${otherwise}.`,
      `The choice of this guide: ${chosen}.`,
    ],
    source: ['flowchart TB', classes, `  ${questions[0]}`, ...lines].join('\n'),
  }
}
