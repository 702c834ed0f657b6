import { globSync, readFileSync, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'

const root = resolve(import.meta.dirname, '..', '..')
const { scripts } = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
) as { scripts: Record<string, string> }

interface Step {
  uses?: string
  run?: string
  with?: Record<string, unknown>
}
interface Workflow {
  name: string
  on: Record<string, unknown>
  permissions: Record<string, string>
  jobs: Record<string, { 'timeout-minutes'?: number; steps: Step[] }>
}

const workflows = Object.fromEntries(
  globSync('.github/workflows/*.yml', { cwd: root }).map((file) => [
    basename(file, '.yml'),
    parse(readFileSync(join(root, file), 'utf8')) as Workflow,
  ]),
)
const stepsOf = ({ jobs }: Workflow) =>
  Object.values(jobs).flatMap(({ steps }) => steps)
const commandsOf = (workflow: Workflow) =>
  stepsOf(workflow).flatMap(({ run }) => run ?? [])

describe.each(Object.entries(workflows))('the workflow %s', (_, workflow) => {
  test('runs only scripts that there are', () => {
    const commands = commandsOf(workflow).join('\n')
    for (const [, script = ''] of commands.matchAll(/npm run ([\w:-]+)/g)) {
      expect(scripts, script).toHaveProperty([script])
    }
    for (const [file] of commands.matchAll(/(?<=^|\s)\.[\w-]*\/[\w./-]+/g)) {
      expect(statSync(join(root, file)).mode & 0o111, file).toBeTruthy()
    }
  })

  test('uses every action at a version, and ends in time', () => {
    for (const { uses } of stepsOf(workflow)) {
      if (uses) expect(uses).toMatch(/^[\w-]+\/[\w-]+@v\d+$/)
    }
    for (const job of Object.values(workflow.jobs)) {
      expect(job['timeout-minutes']).toBeGreaterThan(0)
    }
  })
})

test('the tests run at every push and every week, with what CI runs', () => {
  const { on, permissions } = workflows.test as Workflow
  expect(on).toHaveProperty('push')
  expect(on.schedule).toEqual([{ cron: expect.stringMatching(/\* \* \d$/) }])
  expect(permissions).toEqual({ contents: 'read' })
  expect(commandsOf(workflows.test as Workflow).join('\n')).toContain('.ci/run')
})

test('the site is published when these tests have passed, and not else', () => {
  const { on, jobs } = workflows.site as Workflow
  expect(on).toEqual({
    workflow_run: {
      workflows: [workflows.test?.name],
      types: ['completed'],
      branches: ['main'],
    },
  })
  // A pull request from a branch named main is none of ours.
  expect(jobs.publish).toMatchObject({
    if:
      "github.event.workflow_run.conclusion == 'success' && " +
      "github.event.workflow_run.event != 'pull_request'",
  })
  const { with: uploaded } =
    stepsOf(workflows.site as Workflow).find(({ uses }) =>
      uses?.startsWith('actions/upload-pages-artifact@'),
    ) ?? {}
  expect(uploaded).toEqual({ path: 'docs/.vitepress/dist' })
})
