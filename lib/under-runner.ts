// Loaded ahead of every step that the runner starts (`node --import`): it
// loads what all steps are made of, then waits for the word to go. So the
// runner has the next step waiting while one still runs, and the fourteen
// starts of a run cost next to nothing.

import './step.ts'

const runner = process.ppid

await new Promise((go) => process.once('message', go))

process.once('disconnect', () => {
  // A step that has ended disconnects as well. One whose runner was killed
  // must not work on: the lock is gone with the runner.
  setTimeout(() => process.ppid !== runner && endAlone(), 100).unref()
})
process.channel?.unref()

// As by Ctrl-C, so that a drill puts back what it has disturbed.
function endAlone(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', () => undefined)
  }
  process.kill(process.pid, 'SIGINT')
}
