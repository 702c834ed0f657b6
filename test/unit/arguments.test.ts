import { describe, expect, test } from 'vitest'
import { parseStepArguments } from '../../lib/arguments.ts'

describe('the arguments of a step', () => {
  test('are none: it is applied, and checked', () => {
    expect(parseStepArguments([])).toEqual({
      ...{ verb: 'apply', skipVerify: false, cascade: false, forget: false },
    })
  })

  test.each(['plan', 'verify', 'undo', 'drill'] as const)(
    'name the verb: --%s',
    (verb) => {
      expect(parseStepArguments([`--${verb}`]).verb).toBe(verb)
    },
  )

  test('may leave out the checks', () => {
    expect(parseStepArguments(['--no-verify']).skipVerify).toBe(true)
  })

  test('may select the cluster, in both ways of writing it', () => {
    expect(parseStepArguments(['--cluster', 'a.yaml', '--plan']).verb).toBe(
      'plan',
    )
    expect(parseStepArguments(['--cluster=a.yaml']).verb).toBe('apply')
  })

  test('may widen an undo', () => {
    const all = parseStepArguments(['--undo', '--cascade', '--forget'])
    expect(all).toMatchObject({ verb: 'undo', cascade: true, forget: true })
  })
})

describe('arguments that make no sense', () => {
  test.each([
    [['--paln'], 'there is no flag --paln (did you mean --plan?)'],
    [['05'], 'found "05", allowed: flags alone'],
    [['--plan', '--undo'], '--plan and --undo cannot go together'],
    [['--verify', '--drill'], '--verify and --drill cannot go together'],
    [['--cascade'], '--cascade goes with --undo only'],
    [['--plan', '--forget'], '--forget goes with --undo only'],
    [['--cluster'], '--cluster: found nothing'],
    [['--plan=yes'], '--plan'],
  ])('%j are refused with the usage', (argv, message) => {
    const parse = () => parseStepArguments(argv)
    expect(parse).toThrow(message)
    expect(parse).toThrow('usage: npx zx steps/NN-name.ts')
  })
})
