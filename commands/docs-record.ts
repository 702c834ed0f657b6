// npm run docs:record: runs the guide on fresh machines and writes down what
// it said, for the site to show.

import { existsSync } from 'node:fs'
import { rm, rmdir } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { labDown } from '../lab/down.ts'
import { labStatus } from '../lab/status.ts'
import { type Cluster, loadClusterFile } from '../lib/cluster.ts'
import { GuideError, renderError } from '../lib/errors.ts'
import { seconds } from '../lib/report.ts'
import { openState } from '../lib/state.ts'
import { type StepFile, stepFiles } from '../lib/steps.ts'
import { aboutThisRun } from './docs/about.ts'
import { maskOutput, placeOf } from './docs/masks.ts'
import { measurer } from './docs/measure.ts'
import { readPages, type Typed, typedOn } from './docs/pages.ts'
import {
  type Commands,
  fingerprints,
  type RecordedPages,
  type Recording,
  recordedFolder,
  repository,
  sourcesOf,
  writeRecorded,
} from './docs/recorded.ts'
import { refuseSecrets, secretWords } from './docs/secrets.ts'
import { type Typing, typeBlock, typeStep } from './docs/type.ts'
import { readArguments } from './shared/arguments.ts'
import { command } from './shared/command.ts'
import { Interrupted } from './shared/interrupt.ts'
import { makeMachines } from './shared/make-machines.ts'
import { beginSession } from './shared/session.ts'

const usage = `usage: npm run docs:record -- [options]
  Makes the machines of cluster.yaml, runs every step on them as a reader
  would, types every block of the pages, undoes every step, removes the
  machines, and writes what was said into docs/recorded/. Takes some minutes.
  --yes            install Debian packages that the lab needs, unasked
  --cluster FILE   another cluster, for a trial; needs --out
  --out FOLDER     where to write instead`

const planLines = 24

await command(async () => {
  const { values, clusterFile } = readArguments(usage, {
    yes: { type: 'boolean', default: false },
    out: { type: 'string' },
  })
  const { cluster, lab } = loadClusterFile(clusterFile)
  const trial = clusterFile !== join(repository, 'cluster.yaml')
  if (trial && !values.out) {
    throw new GuideError(
      `The site shows runs of cluster.yaml, and this is ${clusterFile}`,
      ['for a trial, say where to write: --out FOLDER'],
    )
  }
  if (!lab) throw new GuideError(`${clusterFile} has no \`lab\`\n${usage}`)
  refuseExisting(cluster)

  const folder = values.out ?? recordedFolder
  const session = beginSession(cluster, { changes: false })
  const { screen, log, signal } = session
  const typist = { signal, ...(trial && { clusterFile }) }
  const recorder = recorderOf(cluster)
  const began = performance.now()

  const note = (what: string, { exitCode, output, milliseconds }: Typing) => {
    log.write(`\n## ${what}\n${output}`)
    const mark = exitCode === 0 ? '✓' : '✗'
    screen.print(`${mark} ${what}  ${seconds(milliseconds)}`)
  }
  const step = async ({ file, name, number }: StepFile, flag: string) => {
    const path = relative(repository, file)
    const what = `${number} ${name} ${flag}`
    const typing = await typeStep(path, [flag], typist)
    if (signal.aborted) throw new Interrupted('Interrupted')
    note(what, typing)
    if (typing.exitCode === 0) {
      return { ...typing, lines: recorder.lines(what, typing.output) }
    }
    throw new GuideError(
      `${typing.output}\n${what} failed: nothing is recorded`,
    )
  }

  const typeAndRecord = async (block: Typed) => {
    const what = `docs/${block.page.path}:${block.line}`
    const typing = await typeBlock(block, typist)
    if (signal.aborted) throw new Interrupted('Interrupted')
    note(what, typing)
    const { exitCode, output } = typing
    if (exitCode === 0) return recorder.lines(what, output)
    throw new GuideError(`${what} ended with ${exitCode}\n${output}`)
  }

  try {
    openState(cluster)
    await makeMachines(cluster, lab, { yes: values.yes, session })
    const use = measurer(cluster)
    const about = await aboutThisRun(cluster, lab.machines)
    const recordings: Recording[] = []
    let before = await use()
    for (const file of stepFiles()) {
      const plan = await step(file, '--plan')
      const applied = await step(file, '--no-verify')
      const verified = await step(file, '--verify')
      const after = await use()
      recordings.push({
        step: file.number,
        sources: fingerprints(sourcesOf(file.file)),
        ...about,
        milliseconds: Math.round(applied.milliseconds + verified.milliseconds),
        // Less than before is chance: programs give memory back, too.
        memoryBytes: Math.max(0, after.memoryBytes - before.memoryBytes),
        diskBytes: Math.max(0, after.diskBytes - before.diskBytes),
        plan: excerpt(plan.lines),
        apply: applied.lines,
        verify: verified.lines,
        undo: [],
        commands: {},
      })
      before = after
    }

    const failed: string[] = []
    const pages: RecordedPages['pages'] = {}
    for (const page of readPages()) {
      const blocks = typedOn(page).filter((it) => !trial || isHere(cluster, it))
      const commands: Commands = {}
      for (const block of blocks) {
        try {
          commands[block.text] = await typeAndRecord(block)
        } catch (error) {
          if (signal.aborted) throw error
          failed.push(renderError(error))
        }
      }
      const recording = recordings.find((it) => it.step === page.step)
      if (recording) recording.commands = commands
      else if (blocks.length > 0) pages[page.path] = commands
    }

    for (const file of stepFiles().reverse()) {
      const undone = await step(file, '--undo')
      const recording = recordings.find((it) => it.step === file.number)
      if (recording) recording.undo = undone.lines
    }

    for (const it of recordings) writeRecorded(folder, it.step, it)
    const { recordedAt, commit } = about
    writeRecorded(folder, 'pages', { recordedAt, commit, pages })
    const took = seconds(performance.now() - began)
    screen.print(`✓ recorded in ${relative('', folder) || folder}  ${took}`)
    if (failed.length === 0) return 0
    throw new GuideError(failed.join('\n'), [
      'every block of a page must succeed: mend it, then record again',
    ])
  } finally {
    const { removed } = await labDown(clusterFile, { report: () => undefined })
    await rm(cluster.directory, { recursive: true, force: true })
    await rmdir(dirname(cluster.directory)).catch(() => undefined)
    screen.print(`✓ removed ${removed.join(', ')}`)
  }
})

// The run removes what it made, so it takes nothing that was there before.
function refuseExisting(cluster: Cluster): void {
  const runs = labStatus(cluster.file).some(({ running }) => running)
  if (!runs && !existsSync(cluster.directory)) return
  throw new GuideError(
    `The cluster ${cluster.name} is there already, and a recording begins ` +
      `with fresh machines: found ${runs ? 'its machines' : cluster.directory}`,
    ['to remove it and its keys: npm run down'],
  )
}

// Looks for secrets first: a mask might hide half of one.
function recorderOf(cluster: Cluster) {
  const place = placeOf(cluster)
  return {
    lines(what: string, output: string): string[] {
      refuseSecrets(what, output, secretWords(cluster.directory))
      return maskOutput(output, place)
    },
  }
}

function isHere({ machines }: Cluster, { machine }: Typed): boolean {
  return !machine || machines.some(({ name }) => name === machine)
}

function excerpt(lines: readonly string[]): string[] {
  const more = lines.length - planLines
  if (more <= 1) return [...lines]
  return [...lines.slice(0, planLines), `  … and ${more} more lines`]
}
