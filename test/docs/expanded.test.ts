import { describe, expect, test } from 'vitest'
import { readPages } from '../../commands/docs/pages.ts'
import { readRecording } from '../../commands/docs/recorded.ts'
import { expand } from '../../docs/.vitepress/expand.ts'

const pages = readPages().filter(({ step }) => step)
const readers = ['browser', 'paper', 'text'] as const

describe.each(pages)('what $path says of its run', ({ path, text, step }) => {
  const recording = readRecording(String(step))
  if (!recording) throw new Error(`docs/recorded/${step}.json is missing`)
  const command = `npx zx ${path.replace('.md', '.ts')}`

  test.each(readers)('on what it was, for a %s', (reader) => {
    const page = expand(text, path, reader)
    const { recordedAt, commit, topology, machines, versions } = recording
    expect(page).toContain(recordedAt)
    expect(page).toContain(commit.slice(0, 7))
    expect(page).toContain(`${topology} (${machines}s)`)
    for (const [component, version] of Object.entries(versions)) {
      expect(page).toContain(`${component} ${version}`)
    }
  })

  test.each(readers)('its command and what it printed, for a %s', (reader) => {
    const page = expand(text, path, reader)
    const printed = (flag: string, lines: string[]) =>
      ['~~~~text output ', `(${command} ${flag})\n`, lines.join('\n')].join('')
    expect(page).toContain(`\n${command}\n`)
    expect(page).toContain(printed('--no-verify', recording.apply))
    const plan = printed('--plan', recording.plan)
    expect(page.includes(plan)).toBe(recording.plan.length > 2)
    expect(page).toContain(printed('--verify', recording.verify))
    expect(page).toContain(printed('--undo', recording.undo))
  })

  test('of which machines its figures are', () => {
    const page = expand(`<StepFacts step="${step}" />`, path)
    for (const figure of ['Memory', 'Disk']) {
      expect(page).toContain(`<dt>${figure}, all machines</dt>`)
    }
    expect(page).toContain('<dt>Time, with checks</dt>')
  })
})
